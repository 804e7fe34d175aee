/* Finds the interpreter, and the places in its memory that move between versions.
 */
#ifndef FRAMES_PHP_LAYOUT_H
#define FRAMES_PHP_LAYOUT_H

#include <stdbool.h>

#include "frames/language.h"
#include "frames/php_object.h"

/* Looks for the interpreter's symbols. READY: `ret` has them, and no offsets yet. A build
 * with threads (ZTS) is UNSUPPORTED: each thread has globals of its own there. */
enum language_state php_layout_find(struct php_runtime *ret);

/* Is code of a script running, which the offsets can be found by? In PHP's thread only. */
bool php_layout_can_match(const struct php_runtime *runtime);

/* Finds the offsets: where they are, the interpreter's own accessors name the file and
 * line of the running code. 0 or -ENOTSUP. In PHP's thread only; reads guarded. */
int php_layout_match(struct php_runtime *runtime);

#endif
