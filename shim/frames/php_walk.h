/* The chain of PHP's frames, and what each one is.
 *
 * Context: PHP's thread; keeps errno, allocates nothing.
 */
#ifndef FRAMES_PHP_WALK_H
#define FRAMES_PHP_WALK_H

#include "frames/language.h"

/* As in struct language. */
size_t php_walk(struct language_frame *frames, size_t max, bool *ret_is_truncated);
int php_describe(const struct language_frame *frame, struct language_description *ret);

/* The connections that outlive a request: pg_pconnect, and PDO where it was asked to. One
 * pool, PHP's own. */
int php_read_self(const struct language_frame *frame, struct language_self *ret);

#endif
