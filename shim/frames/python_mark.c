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

/* A file's text, by what is in it; that of the frame before is often the same. */
struct file {
	uintptr_t text;
	uint64_t identity;
};

static uint64_t file_identity(struct file *file, uintptr_t text)
{
	if (text != file->text)
		*file = (struct file){ text, python_text_identity(text) };
	return file->identity;
}

/* A name is interned nearly always, and its hash is known then. */
static uint64_t name_identity(uintptr_t text)
{
	uint64_t hash = mark_word(text + PYTHON_TEXT_HASH(&python_runtime.layout));

	return hash != UINT64_MAX ? hash : python_text_identity(text);
}

static uint64_t lines_identity(uintptr_t table)
{
	const struct python_layout *layout = &python_runtime.layout;
	size_t size = mark_word(table + layout->bytes_size);

	return mark_bytes(size, table + layout->bytes_data, size);
}

/* The code's address may be another's later, and so may those of its texts: its file, name and
 * lines go with it. */
static uint64_t mix_frame(uint64_t mix, uintptr_t frame, uintptr_t code, struct file *file)
{
	const struct python_layout *layout = &python_runtime.layout;
	uintptr_t at = frame + layout->frame_position;
	uint64_t position = python_runtime.minor < 11 ? mark_number(at) : mark_word(at);
	uint64_t name = name_identity(mark_word(code + python_name_offset()));
	uint64_t lines = lines_identity(mark_word(code + layout->code_lines));

	return mark_frame(mix, code, position,
			  file_identity(file, mark_word(code + layout->code_file)) + 3 * lines,
			  name ^ (uint64_t)mark_number(code + layout->code_first_line) << 32);
}

size_t python_mark(uintptr_t thread, size_t max, uint64_t *mix, bool *ret_is_known)
{
	const struct python_layout *layout = &python_runtime.layout;
	uintptr_t frame = first_frame(thread);
	struct file file = { 0 };
	size_t count = 0;

	peek_set_guarded(false);
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
		*mix = mix_frame(*mix, frame, code, &file);
		count++;
	}
	return count;
}
