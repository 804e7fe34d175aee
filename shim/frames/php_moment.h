/* What only the moment can tell: is the request shutting down, what let a connection go.
 *
 * Context: PHP's thread; keeps errno, allocates nothing.
 */
#ifndef FRAMES_PHP_MOMENT_H
#define FRAMES_PHP_MOMENT_H

#include "frames/language.h"

/* `called` is the internal function that runs ("pg_close"); else "= null" or "unset"
 * where the script lets go of a value on purpose, which is how PDO is closed; else "".
 * While a __destruct runs, the same of what made it run, where that was on purpose. */
void php_read_moment(const struct language_frame *frames, size_t count,
		     struct language_moment *ret);

#endif
