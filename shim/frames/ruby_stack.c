#include "frames/ruby_stack.h"

#include <stdatomic.h>

#include "frames/mark.h"
#include "frames/peek.h"
#include "frames/ruby_runtime.h"

/* Types of objects, and of those that are the interpreter's own, in their first word. */
enum { TYPE_MASK = 0x1f, TYPE_STRING = 0x05, TYPE_INTERNAL = 0x1a };
enum { INTERNAL_SHIFT = 12, INTERNAL_MASK = 0xf, INTERNAL_METHOD = 6, INTERNAL_CODE = 7 };

/* Offsets in an execution context and in a control frame. */
enum { CONTEXT_STACK = 0, CONTEXT_STACK_WORDS = 8, CONTEXT_FRAME = 16 };
enum { FRAME_CODE = 16, FRAME_SELF = 24 };

enum { STACK_WORDS_MAX = 1 << 27, TRIES_MAX = 16 };

/* Where a Thread object has its thread, and how far in that the context is looked for. */
enum { OBJECT_THREAD = 32, THREAD_CONTEXT_MAX = 192 };

struct layout {
	uint32_t frame_size;     /* of a control frame; 0 until found */
	uint32_t thread_context; /* offset in a thread, where the context has no variable */
};

static _Atomic struct layout known;
static atomic_uint tries;
static atomic_bool is_doubtful; /* did a stack ever disagree with that layout? */

/* Numbers, nil and symbols are no addresses. */
static bool is_object(uintptr_t value, uintptr_t type)
{
	return value % 8 == 0 && (peek_word(value) & TYPE_MASK) == type;
}

static unsigned internal_type(uintptr_t value)
{
	if (!is_object(value, TYPE_INTERNAL))
		return 0;
	return peek_word(value) >> INTERNAL_SHIFT & INTERNAL_MASK;
}

bool ruby_is_string(uintptr_t value)
{
	return is_object(value, TYPE_STRING);
}

bool ruby_is_native(uintptr_t value, int line)
{
	return line == 0 && internal_type(value) == INTERNAL_METHOD &&
	       !ruby_is_string(ruby_runtime.path(value));
}

uintptr_t ruby_frame_self(uintptr_t control_frame)
{
	return peek_word(control_frame + FRAME_SELF);
}

static uintptr_t find_context(struct layout layout)
{
	uintptr_t context = ruby_context();

	if (context != 0)
		return context;
	return peek_word(peek_word(ruby_runtime.thread() + OBJECT_THREAD) + layout.thread_context);
}

static bool open_as(struct ruby_stack *stack, struct layout layout)
{
	uintptr_t context = find_context(layout);
	uintptr_t start = peek_word(context + CONTEXT_STACK);
	size_t words = peek_word(context + CONTEXT_STACK_WORDS);

	if (context == 0 || start == 0 || words > STACK_WORDS_MAX)
		return false;
	*stack = (struct ruby_stack){
		.next = peek_word(context + CONTEXT_FRAME),
		.end = start + words * sizeof(uintptr_t),
		.frame_size = layout.frame_size,
	};
	return stack->next > start && stack->next < stack->end;
}

uintptr_t ruby_stack_next(struct ruby_stack *stack, uintptr_t *ret_code)
{
	while (stack->next + stack->frame_size <= stack->end) {
		uintptr_t frame = stack->next;
		uintptr_t code = peek_word(frame + FRAME_CODE);

		stack->next += stack->frame_size;
		if (internal_type(code) == INTERNAL_CODE) {
			*ret_code = code;
			return frame;
		}
	}
	return 0;
}

/* A block's instructions are in the file of its method, those of an eval may not be. */
static bool is_same(uintptr_t value, uintptr_t code, bool is_strict)
{
	if (value == code)
		return true;
	return internal_type(value) == INTERNAL_METHOD &&
	       (!is_strict || ruby_runtime.path(value) == ruby_runtime.path(code));
}

static bool agrees(struct ruby_stack stack, const struct ruby_frames *frames, bool is_strict)
{
	for (size_t i = 0; i < frames->count; i++) {
		uintptr_t code;

		if (ruby_is_native(frames->values[i], frames->lines[i]))
			continue;
		if (ruby_stack_next(&stack, &code) == 0 ||
		    !is_same(frames->values[i], code, is_strict))
			return false;
	}
	return true;
}

/* The first layout that agrees; none when frames of another size do as well, as they do
 * with a stack that has a single frame. */
static bool find_at(uint32_t thread_context, const struct ruby_frames *frames,
		    struct layout *ret)
{
	static const uint32_t sizes[] = { 48, 56, 64, 72 };
	unsigned found = 0;

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct layout layout = { sizes[i], thread_context };
		struct ruby_stack stack;

		if (!open_as(&stack, layout) || !agrees(stack, frames, true))
			continue;
		*ret = layout;
		found++;
	}
	return found == 1;
}

static bool find_layout(const struct ruby_frames *frames, struct layout *ret)
{
	uint32_t end = ruby_context() != 0 ? sizeof(uintptr_t) : THREAD_CONTEXT_MAX;

	if (atomic_fetch_add(&tries, 1) >= TRIES_MAX)
		return false;
	for (uint32_t offset = 0; offset < end; offset += sizeof(uintptr_t))
		if (find_at(offset, frames, ret)) {
			atomic_store(&known, *ret);
			return true;
		}
	return false;
}

bool ruby_stack_open(struct ruby_stack *stack, const struct ruby_frames *frames)
{
	struct layout layout = atomic_load_explicit(&known, memory_order_relaxed);
	bool is_open = true;

	if (layout.frame_size == 0) {
		peek_set_guarded(true);
		is_open = find_layout(frames, &layout);
		peek_set_guarded(false);
	}
	is_open = is_open && open_as(stack, layout) && agrees(*stack, frames, false);
	if (!is_open && layout.frame_size != 0)
		atomic_store_explicit(&is_doubtful, true, memory_order_relaxed);
	return is_open;
}

/* Words of the stack itself, which stays where it is: what they point to may be moved, or
 * taken apart, by another thread that collects. What runs native code has no instructions. */
size_t ruby_stack_mark(size_t max, uint64_t *mix, bool *ret_is_known)
{
	struct layout layout = atomic_load_explicit(&known, memory_order_relaxed);
	struct ruby_stack stack;
	size_t count = 0;

	peek_set_guarded(false);
	*ret_is_known = layout.frame_size != 0 &&
			!atomic_load_explicit(&is_doubtful, memory_order_relaxed) &&
			open_as(&stack, layout);
	if (!*ret_is_known)
		return 0;
	for (uintptr_t frame = stack.next; frame + stack.frame_size <= stack.end && count <= max;
	     frame += stack.frame_size) {
		uintptr_t code = mark_word(frame + FRAME_CODE);

		if (code == 0)
			continue;
		*mix = mark_frame(*mix, code, mark_word(frame), 0, 0);
		count++;
	}
	return count;
}

/* Is this thread's own collection moving objects, and the instructions of frames with
 * them? Nobody but the collector knows where they are then. */
static bool is_moving(void)
{
	struct layout layout = atomic_load_explicit(&known, memory_order_relaxed);
	struct ruby_stack stack;
	bool is_whole;

	if (!ruby_has_lock() || !ruby_runtime.is_collecting())
		return false;
	peek_set_guarded(true);
	is_whole = layout.frame_size != 0 && open_as(&stack, layout);
	for (; is_whole && stack.next < stack.end; stack.next += stack.frame_size) {
		uintptr_t code = peek_word(stack.next + FRAME_CODE);

		is_whole = code == 0 || is_object(code, TYPE_INTERNAL);
	}
	peek_set_guarded(false);
	return !is_whole;
}

bool ruby_frames_take(struct ruby_frames *frames, size_t limit)
{
	frames->count = 0;
	frames->is_truncated = false;
	peek_set_guarded(false);
	if (!ruby_is_readable() || !ruby_settle() || is_moving())
		return false;
	if (limit > RUBY_FRAMES_MAX)
		limit = RUBY_FRAMES_MAX;
	frames->count = (size_t)ruby_runtime.frames(0, (int)limit, frames->values, frames->lines);
	frames->is_truncated = frames->count == limit;
	return true;
}

bool ruby_runs_native(void)
{
	struct layout layout = atomic_load_explicit(&known, memory_order_relaxed);
	struct ruby_stack stack;
	uintptr_t value;
	int line;

	if (ruby_runtime.frames(0, 1, &value, &line) == 1 && ruby_is_native(value, line))
		return true;
	return layout.frame_size != 0 && open_as(&stack, layout) &&
	       peek_word(stack.next + FRAME_CODE) == 0;
}
