/* A number for PHP's frames, at a tenth of what the walk costs. */
#ifndef FRAMES_PHP_MARK_H
#define FRAMES_PHP_MARK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* As language.mark; PHP's memory is trusted: reads without a check. */
size_t php_mark(size_t max, uint64_t *mix, bool *ret_is_known);

#endif
