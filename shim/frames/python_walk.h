/* The walk along a thread's Python frames, and what one of them says.
 * The functions are those of struct language, see language.h.
 */
#ifndef FRAMES_PYTHON_WALK_H
#define FRAMES_PYTHON_WALK_H

#include "frames/language.h"

/* The frames of `thread` (a PyThreadState), innermost first. *ret_is_clean: nothing on
 * the way was other than it should be. */
size_t python_walk(uintptr_t thread, struct language_frame *frames, size_t max,
		   bool *ret_is_truncated, bool *ret_is_clean);

/* The first `max` of them, without their stack addresses. */
size_t python_look(uintptr_t thread, struct language_frame *frames, size_t max);

/* Address of the instructions that `frame` runs, which its `position` is counted from;
 * not before 3.11. 0 when they cannot be found. */
uintptr_t python_bytecode(const struct language_frame *frame);

int python_describe(const struct language_frame *frame, struct language_description *ret);
int python_read_self(const struct language_frame *frame, struct language_self *ret);

#endif
