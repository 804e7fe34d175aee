#include "frames/python_mark.h"

#include "frames/mark.h"
#include "frames/python_object.h"

/* The walk leaves out frames that have not begun; so many are looked at beyond `max`. */
enum { LEFT_OUT_MAX = 16, OWNER_INTERPRETER = 3 };

static uintptr_t word(uintptr_t address)
{
	return *(const uintptr_t *)address;
}

static uint32_t number(uintptr_t address)
{
	return *(const uint32_t *)address;
}

static uintptr_t first_frame(uintptr_t thread)
{
	const struct python_layout *layout = &python_runtime.layout;

	if (python_runtime.minor == 11 || python_runtime.minor == 12)
		return word(word(thread + layout->thread_cframe) + layout->cframe_frame);
	return word(thread + layout->thread_frame);
}

/* The code's address may be another's later: its file, name and first line go with it. */
static uint64_t mix_frame(uint64_t mix, uintptr_t frame, uintptr_t code)
{
	const struct python_layout *layout = &python_runtime.layout;
	uintptr_t at = frame + layout->frame_position;
	uint64_t position = python_runtime.minor < 11 ? number(at) : word(at);

	uintptr_t name_hash = word(word(code + layout->code_name) + PYTHON_TEXT_HASH(layout));

	return mark_frame(mix, code, position, word(code + layout->code_file),
			  name_hash ^ (uint64_t)number(code + layout->code_first_line) << 32);
}

size_t python_mark(uintptr_t thread, size_t max, uint64_t *mix, bool *ret_is_known)
{
	const struct python_layout *layout = &python_runtime.layout;
	uintptr_t frame = first_frame(thread);
	size_t count = 0;

	for (; frame && count < max + LEFT_OUT_MAX; frame = word(frame + layout->frame_previous)) {
		if (python_runtime.minor >= 12 &&
		    *(const uint8_t *)(frame + layout->frame_owner) >= OWNER_INTERPRETER)
			continue;
		uintptr_t code = python_untag(word(frame + layout->frame_code));

		if (!code || word(code + layout->object_type) != python_runtime.code_type) {
			*ret_is_known = false;
			break;
		}
		*mix = mix_frame(*mix, frame, code);
		count++;
	}
	return count;
}
