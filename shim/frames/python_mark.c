#include "frames/python_mark.h"

#include "frames/mark.h"
#include "frames/python_object.h"

/* The walk leaves out frames that have not begun; so many are looked at beyond `max`. */
enum { LEFT_OUT_MAX = 16, OWNER_INTERPRETER = 3 };

static uintptr_t first_frame(uintptr_t thread)
{
	const struct python_layout *layout = &python_runtime.layout;

	if (python_runtime.minor == 11 || python_runtime.minor == 12)
		return mark_word(mark_word(thread + layout->thread_cframe) + layout->cframe_frame);
	return mark_word(thread + layout->thread_frame);
}

/* The code's address may be another's later: its file, name and first line go with it. */
static uint64_t mix_frame(uint64_t mix, uintptr_t frame, uintptr_t code)
{
	const struct python_layout *layout = &python_runtime.layout;
	uintptr_t at = frame + layout->frame_position;
	uint64_t position = python_runtime.minor < 11 ? mark_number(at) : mark_word(at);

	uintptr_t name = mark_word(code + layout->code_name);
	uint64_t name_hash = mark_word(name + PYTHON_TEXT_HASH(layout));

	return mark_frame(mix, code, position, mark_word(code + layout->code_file),
			  name_hash ^ (uint64_t)mark_number(code + layout->code_first_line) << 32);
}

size_t python_mark(uintptr_t thread, size_t max, uint64_t *mix, bool *ret_is_known)
{
	const struct python_layout *layout = &python_runtime.layout;
	uintptr_t frame = first_frame(thread);
	size_t count = 0;

	for (; frame && count < max + LEFT_OUT_MAX;
	     frame = mark_word(frame + layout->frame_previous)) {
		if (python_runtime.minor >= 12 &&
		    mark_byte(frame + layout->frame_owner) >= OWNER_INTERPRETER)
			continue;
		uintptr_t code = python_untag(mark_word(frame + layout->frame_code));

		if (!code || mark_word(code + layout->object_type) != python_runtime.code_type) {
			*ret_is_known = false;
			break;
		}
		*mix = mix_frame(*mix, frame, code);
		count++;
	}
	return count;
}
