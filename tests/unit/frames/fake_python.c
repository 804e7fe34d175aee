#include "fake_python.h"

#include <assert.h>
#include <string.h>

#include "frames/python_object.h"

/* The addresses of these are the types. */
static uintptr_t code_type[64], text_type[64], bytes_type[64], tuple_type[64], cell_type[64];

static uintptr_t take(struct fake_python *fake, size_t size)
{
	uintptr_t address = (uintptr_t)fake->arena + fake->used;

	fake->used += (size + 15) / 16 * 16;
	assert(fake->used <= sizeof(fake->arena));
	return address;
}

static void set_word(uintptr_t address, uintptr_t value)
{
	memcpy((void *)address, &value, sizeof(value));
}

static void set_int(uintptr_t address, int32_t value)
{
	memcpy((void *)address, &value, sizeof(value));
}

static uintptr_t make_object(struct fake_python *fake, const uintptr_t *type, size_t size)
{
	uintptr_t object = take(fake, size);

	set_word(object + python_runtime.layout.object_type, (uintptr_t)type);
	return object;
}

uintptr_t fake_text(struct fake_python *fake, const void *characters, size_t length,
		    unsigned kind, int is_ascii)
{
	const struct python_layout *layout = &python_runtime.layout;
	size_t more = is_ascii ? 0 : python_runtime.minor <= 11 ? 24 : 16;
	size_t head = layout->text_ascii_data + more;
	uintptr_t object = make_object(fake, text_type, head + kind * (length + 1));

	set_word(object + layout->text_length, length);
	set_int(object + layout->text_state,
		(int32_t)(kind << 2 | 1 << 5 | (is_ascii ? 1 << 6 : 0)));
	memcpy((void *)(object + head), characters, length * kind);
	return object;
}

uintptr_t fake_bytes(struct fake_python *fake, const void *bytes, size_t length)
{
	const struct python_layout *layout = &python_runtime.layout;
	uintptr_t object = make_object(fake, bytes_type, layout->bytes_data + length + 1);

	set_word(object + layout->bytes_size, length);
	memcpy((void *)(object + layout->bytes_data), bytes, length);
	return object;
}

static uintptr_t ascii(struct fake_python *fake, const char *text)
{
	return fake_text(fake, text, strlen(text), 1, 1);
}

/* One name: the tables of names that a call looks into. */
static uintptr_t make_names(struct fake_python *fake, const char *name)
{
	const struct python_layout *layout = &python_runtime.layout;
	uintptr_t tuple = make_object(fake, tuple_type, layout->tuple_items + 8);

	set_word(tuple + layout->tuple_size, 1);
	set_word(tuple + layout->tuple_items, ascii(fake, name));
	return tuple;
}

/* The instruction at bytes 4 and 5 is the second line after the first. */
static uintptr_t make_lines(struct fake_python *fake)
{
	static const uint8_t lnotab[] = { 2, 1 };
	static const uint8_t linetable[] = { 2, 0, 10, 1 };
	/* Two entries without columns: one unit, no line on; four units, one on. */
	static const uint8_t locations[] = { 0x80 | 13 << 3 | 0, 0, 0x80 | 13 << 3 | 4, 2 };

	if (python_runtime.minor <= 9)
		return fake_bytes(fake, lnotab, sizeof(lnotab));
	if (python_runtime.minor == 10)
		return fake_bytes(fake, linetable, sizeof(linetable));
	return fake_bytes(fake, locations, sizeof(locations));
}

static uintptr_t make_code(struct fake_python *fake, const char *file, const char *name, int line)
{
	/* LOAD_FAST 0, LOAD_ATTR 0, CALL_FUNCTION 0 up to 3.10, CALL in 3.11 and 3.12. */
	uint8_t bytecode[16] = { 124, 0, 106, 0, python_runtime.minor <= 10 ? 131 : 171, 0 };
	const struct python_layout *layout = &python_runtime.layout;
	uintptr_t code = make_object(fake, code_type, 256);

	set_int(code + layout->code_argument_count, 1);
	set_int(code + layout->code_first_line, line);
	set_word(code + layout->code_file, ascii(fake, file));
	set_word(code + layout->code_name, ascii(fake, name));
	if (layout->code_qualified_name)
		set_word(code + layout->code_qualified_name, ascii(fake, name));
	set_word(code + layout->code_lines, make_lines(fake));
	set_word(code + layout->code_names, make_names(fake, "close"));
	set_word(code + layout->code_locals, make_names(fake, "self"));
	if (python_runtime.minor <= 10)
		set_word(code + layout->code_bytecode,
			 fake_bytes(fake, bytecode, sizeof(bytecode)));
	else
		memcpy((void *)(code + layout->code_bytecode), bytecode, sizeof(bytecode));
	return code;
}

static uintptr_t make_frame(struct fake_python *fake, uintptr_t code, uintptr_t previous)
{
	const struct python_layout *layout = &python_runtime.layout;
	uintptr_t frame = take(fake, layout->frame_locals + 64);
	uintptr_t position = frame + layout->frame_position;

	set_word(frame + layout->frame_previous, previous);
	set_word(frame + layout->frame_code, code);
	set_word(frame + layout->frame_locals, fake->self);
	if (python_runtime.minor >= 11)
		set_word(position, code + layout->code_bytecode + 4);
	else
		set_int(position, python_runtime.minor == 10 ? 2 : 4);
	if (layout->frame_stack)
		set_int(frame + layout->frame_stack, -1);
	return frame;
}

static void make_self(struct fake_python *fake)
{
	const struct python_layout *layout = &python_runtime.layout;
	static const char name[] = "fake.Pool";
	uintptr_t text = take(fake, sizeof(name));
	uintptr_t type = take(fake, layout->type_name + 8);

	memcpy((void *)text, name, sizeof(name));
	set_word(type + layout->type_name, text);
	fake->self = make_object(fake, (const uintptr_t *)type, 64);
}

void fake_python_init(struct fake_python *fake, unsigned minor)
{
	memset(fake, 0, sizeof(*fake));
	python_runtime = (struct python_runtime){
		.minor = minor,
		.code_type = (uintptr_t)code_type,
		.text_type = (uintptr_t)text_type,
		.bytes_type = (uintptr_t)bytes_type,
		.tuple_type = (uintptr_t)tuple_type,
		.cell_type = (uintptr_t)cell_type,
	};

	int result = python_layout_init(minor, 0, &python_runtime.layout);
	const struct python_layout *layout = &python_runtime.layout;

	assert(result == 0);
	(void)result;
	make_self(fake);

	uintptr_t outer = make_frame(fake, make_code(fake, "/fake/outer.py", "outer", 20), 0);
	uintptr_t inner = make_frame(fake, make_code(fake, "/fake/inner.py", "inner", 10), outer);
	uintptr_t cframe = take(fake, 64);

	fake->thread = take(fake, 512);
	set_word(fake->thread + layout->thread_interpreter, take(fake, 4096 + 256));
	if (minor >= 10) {
		set_word(fake->thread + layout->thread_cframe, cframe);
		set_word(cframe + layout->cframe_frame, inner);
	}
	if (minor <= 10)
		set_word(fake->thread + layout->thread_frame, inner);
}
