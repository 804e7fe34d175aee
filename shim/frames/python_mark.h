/* A number for a thread's Python frames, at a tenth of what the walk costs. */
#ifndef FRAMES_PYTHON_MARK_H
#define FRAMES_PYTHON_MARK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* As language.mark, of `thread` (a PyThreadState), whose frames are trusted: this reads
 * without a check of its own. */
size_t python_mark(uintptr_t thread, size_t max, uint64_t *mix, bool *ret_is_known);

#endif
