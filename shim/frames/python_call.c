#include "frames/python_call.h"

#include <string.h>

#include "frames/python_object.h"

/* From 3.12 on a frame's locals are released after its caller became the innermost
 * frame, which then stands at its call instruction although it calls nothing. */
static bool is_callee_ending(uintptr_t thread, const struct language_frame *frame)
{
	const struct python_layout *layout = &python_runtime.layout;

	if (python_runtime.minor < 11)
		return false;
	if (layout->frame_stack != 0) /* saved while a callee runs, else -1 */
		return peek_int(frame->frame + layout->frame_stack) >= 0;
	if (peek_byte(frame->frame + layout->frame_owner) != 0)
		return false;

	/* The callee's frame is still on the thread's stack of frames, above this one. */
	uintptr_t words = (uint32_t)peek_int(frame->code + layout->code_frame_size);

	return peek_word(thread + layout->thread_datastack_top) !=
	       frame->frame + words * sizeof(uintptr_t);
}

static uintptr_t closure_name(uintptr_t code, uint32_t index)
{
	const struct python_layout *layout = &python_runtime.layout;
	uintptr_t cells = peek_word(code + layout->code_cell_variables);
	size_t cell_count = python_tuple_size(cells);

	if (index < cell_count)
		return python_tuple_item(cells, index);
	return python_tuple_item(peek_word(code + layout->code_free_variables),
				 index - cell_count);
}

static uintptr_t name_of(uintptr_t code, struct python_callee callee)
{
	const struct python_layout *layout = &python_runtime.layout;

	switch (callee.kind) {
	case CALLEE_NAMED:
		return python_tuple_item(peek_word(code + layout->code_names), callee.index);
	case CALLEE_LOCAL:
		return python_tuple_item(peek_word(code + layout->code_locals), callee.index);
	case CALLEE_CLOSURE:
		return closure_name(code, callee.index);
	default:
		return 0;
	}
}

void python_called(uintptr_t thread, const struct language_frame *frame, char *ret, size_t size)
{
	struct python_callee callee = { .kind = CALLEE_NONE };

	if (!is_callee_ending(thread, frame))
		callee = python_callee_of(frame);
	if (callee.kind == CALLEE_NONE)
		ret[0] = 0;
	else if (callee.kind == CALLEE_EXIT)
		strcpy(ret, "__exit__");
	else if (python_text_read(name_of(frame->code, callee), ret, size) != 0)
		strcpy(ret, "?");
}
