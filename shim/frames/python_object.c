#include "frames/python_object.h"

#include <errno.h>
#include <string.h>

#include "frames/mark.h"
#include "frames/utf8.h"

struct python_runtime python_runtime;

/* No str, tuple or code of a real program is larger; a larger length is garbage. */
#define LENGTH_MAX ((uintptr_t)1 << 32)

bool python_object_is(uintptr_t object, uintptr_t type)
{
	return object != 0 && object % sizeof(void *) == 0 && type != 0 &&
	       peek_word(object + python_runtime.layout.object_type) == type;
}

/* Where a str's characters are, and their width. False when it is not a compact
 * str: code objects hold no other. */
static bool text_data(uintptr_t object, uintptr_t *ret_data, unsigned *ret_width)
{
	const struct python_layout *layout = &python_runtime.layout;
	uint32_t state = (uint32_t)peek_int(object + layout->text_state);
	/* Free-threaded 3.14 widened `interned`, which stands first, to a byte. */
	bool is_wide_interned = layout->is_free_threaded && python_runtime.minor >= 14;
	unsigned shift = is_wide_interned ? 8 : 2;
	unsigned width = state >> shift & 7;
	bool is_compact = state >> (shift + 3) & 1;
	bool is_ascii = state >> (shift + 4) & 1;

	if (!is_compact || (width != 1 && width != 2 && width != 4))
		return false;
	/* A compact str that is not ASCII also has its UTF-8 length and pointer (and,
	 * up to 3.11, its wchar_t length). */
	size_t more = python_runtime.minor <= 11 ? 24 : 16;

	*ret_data = object + layout->text_ascii_data + (is_ascii ? 0 : more);
	*ret_width = width;
	return true;
}

/* The next character, or -1. */
static int32_t next_character(struct peek_window *window, unsigned width)
{
	uint32_t character = 0;

	for (unsigned i = 0; i < width; i++) {
		int byte = peek_window_byte(window);

		if (byte < 0)
			return -1;
		character |= (uint32_t)byte << (8 * i);
	}
	return character > 0x10ffff ? -1 : (int32_t)character;
}

int python_text_read(uintptr_t object, char *ret, size_t size)
{
	uintptr_t data;
	unsigned width;

	if (!python_object_is(object, python_runtime.text_type) ||
	    !text_data(object, &data, &width))
		return -EFAULT;

	uintptr_t length = peek_word(object + python_runtime.layout.text_length);
	struct peek_window window;
	size_t used = 0;

	if (length > LENGTH_MAX)
		return -EFAULT;
	peek_window_init(&window, data, length * width);
	for (uintptr_t i = 0; i < length; i++) {
		int32_t character = next_character(&window, width);

		if (character < 0)
			return -EFAULT;
		if (!utf8_add((uint32_t)character, ret, &used, size))
			break;
	}
	ret[used] = 0;
	return 0;
}

static uint64_t mix_bytes(uint64_t mix, uintptr_t address, size_t size)
{
	uint8_t bytes[256];

	if (size > 2 * (size_t)MARK_END) {
		mix = mix_bytes(mix, address, MARK_END);
		address += size - MARK_END;
		size = MARK_END;
	}
	while (size > 0) {
		size_t count = size < sizeof(bytes) ? size : sizeof(bytes);

		if (!peek(address, bytes, count))
			break;
		mix = mark_bytes(mix, (uintptr_t)bytes, count);
		address += count;
		size -= count;
	}
	return mix;
}

uint64_t python_text_identity(uintptr_t object)
{
	uintptr_t length = peek_word(object + python_runtime.layout.text_length), data;
	unsigned width;

	if (!python_object_is(object, python_runtime.text_type) || length > LENGTH_MAX ||
	    !text_data(object, &data, &width))
		return object;
	return mix_bytes(length, data, length * width);
}

uint64_t python_bytes_identity(uintptr_t object)
{
	const struct python_layout *layout = &python_runtime.layout;
	uintptr_t size = peek_word(object + layout->bytes_size);

	if (!python_object_is(object, python_runtime.bytes_type) || size > LENGTH_MAX)
		return object;
	return mix_bytes(size, object + layout->bytes_data, size);
}

int python_string_read(uintptr_t address, char *ret, size_t size)
{
	size_t used = 0;

	for (; used < size - 1; used++) {
		char byte;

		/* Byte by byte: what follows the final 0 may not be readable. */
		if (!peek(address + used, &byte, 1))
			return -EFAULT;
		if (byte == 0)
			break;
		ret[used] = byte;
	}
	utf8_trim(ret, &used);
	ret[used] = 0;
	return 0;
}

size_t python_tuple_size(uintptr_t tuple)
{
	if (!python_object_is(tuple, python_runtime.tuple_type))
		return 0;

	uintptr_t size = peek_word(tuple + python_runtime.layout.tuple_size);

	return size > LENGTH_MAX ? 0 : size;
}

uintptr_t python_tuple_item(uintptr_t tuple, size_t index)
{
	if (index >= python_tuple_size(tuple))
		return 0;
	return peek_word(tuple + python_runtime.layout.tuple_items + index * sizeof(uintptr_t));
}

bool python_bytes_open(uintptr_t object, struct peek_window *ret, size_t *ret_size)
{
	if (!python_object_is(object, python_runtime.bytes_type))
		return false;

	uintptr_t size = peek_word(object + python_runtime.layout.bytes_size);

	if (size > LENGTH_MAX)
		return false;
	peek_window_init(ret, object + python_runtime.layout.bytes_data, size);
	*ret_size = size;
	return true;
}
