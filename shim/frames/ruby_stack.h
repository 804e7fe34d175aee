/* A Ruby thread's own stack of control frames, beside what rb_profile_frames says of it:
 * that gives a block its method's name, and no frame's `self`.
 *
 * A control frame begins with pc, sp, iseq, self since 2.5; how large it is differs, and is
 * found by comparing with rb_profile_frames. Where they do not agree there is no control
 * frame to a frame.
 */
#ifndef FRAMES_RUBY_STACK_H
#define FRAMES_RUBY_STACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { RUBY_FRAMES_MAX = 384 };

/* As rb_profile_frames gives them: instructions (of what is no method), or the method. */
struct ruby_frames {
	size_t count;
	bool is_truncated;
	uintptr_t values[RUBY_FRAMES_MAX];
	int lines[RUBY_FRAMES_MAX];
};

/* The frames of Ruby code on this thread's stack, innermost first. */
struct ruby_stack {
	uintptr_t next, end;
	size_t frame_size;
};

/* Up to `limit` frames of this thread; false when they cannot be read now. */
bool ruby_frames_take(struct ruby_frames *frames, size_t limit);

/* False when the stack does not agree with `frames`. */
bool ruby_stack_open(struct ruby_stack *stack, const struct ruby_frames *frames);

/* As language.mark, of this thread, which is Ruby's. Addresses of one collection. */
size_t ruby_stack_mark(size_t max, uint64_t *mix, bool *ret_is_known);

/* The next control frame; 0 at the end. Its instructions in *ret_code. */
uintptr_t ruby_stack_next(struct ruby_stack *stack, uintptr_t *ret_code);

/* The object whose method a control frame runs. */
uintptr_t ruby_frame_self(uintptr_t control_frame);

/* A frame of rb_profile_frames that runs a function in C. Before 3.0 it has none. */
bool ruby_is_native(uintptr_t value, int line);

/* Does the innermost frame of this thread run a function in C? */
bool ruby_runs_native(void);

bool ruby_is_string(uintptr_t value);

#endif
