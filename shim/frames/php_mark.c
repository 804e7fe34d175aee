#include "frames/php_mark.h"

#include "frames/mark.h"
#include "frames/php_object.h"

/* Bytes into a frame and an opline: php_object.h has both whole. */
enum {
	FRAME_FUNCTION = 24,
	FRAME_SELF_TYPE = 40,
	FRAME_PREVIOUS = 48,
	OPLINE_OPCODE = 28,
};

/* Frames without a function are few. */
enum { LEFT_OUT_MAX = 64 };

/* As in the walk. */
static uintptr_t opline_of(uintptr_t frame)
{
	uintptr_t begin = php_runtime.globals + php_runtime.exception_op;
	uintptr_t opline = mark_word(frame);

	return opline - begin < 3 * PHP_OPLINE_SIZE ? mark_word(begin - sizeof(uintptr_t)) : opline;
}

/* A text by what is in it, since the next request has other texts at its address. The hash
 * of one that has none yet is 0, which no text's is. */
static uint64_t text_hash(uintptr_t text, bool *is_known)
{
	uint64_t hash = text ? mark_word(text + PHP_STRING_HASH) : 1;

	*is_known &= hash != 0;
	return hash;
}

static uint64_t names_hash(uintptr_t function, bool *is_known)
{
	uintptr_t class = mark_word(function + PHP_FUNCTION_CLASS);
	uint64_t name = text_hash(mark_word(function + PHP_FUNCTION_NAME), is_known);

	return class ? name ^ 3 * text_hash(mark_word(class + PHP_CLASS_NAME), is_known) : name;
}

/* What a user function's name does not tell, its opline does: a file's code is called
 * "include" or "eval" by the outer frame's. */
static uint64_t mix_frame(uint64_t mix, uintptr_t frame, uintptr_t function, bool *is_known)
{
	uint64_t names = names_hash(function, is_known);
	uint64_t has_self = mark_byte(frame + FRAME_SELF_TYPE) == PHP_OBJECT;

	if (!php_is_user(mark_byte(function)))
		return mark_frame(mix, function, names, has_self, 0);

	uintptr_t opline = opline_of(frame);

	*is_known &= opline != 0;
	if (!opline)
		return mix;
	uint64_t file = text_hash(mark_word(function + php_runtime.file), is_known);
	uint64_t line = mark_number(opline + PHP_OPLINE_LINE);
	uint64_t first_line = mark_number(function + php_runtime.file + sizeof(uintptr_t));

	return mark_frame(mix, function + has_self, names ^ file * 5, first_line << 32 | line,
			  (uint64_t)mark_number(opline + PHP_OPLINE_VALUE) << 32 |
				  mark_number(opline + OPLINE_OPCODE));
}

/* Also an internal function without a name, a fiber's first: the walk leaves it out. */
static bool is_frame(uintptr_t function)
{
	uint8_t type = function ? mark_byte(function) : 0;

	return php_is_user(type) || type == PHP_FUNCTION_INTERNAL;
}

size_t php_mark(size_t max, uint64_t *mix, bool *ret_is_known)
{
	uintptr_t frame = mark_word(php_runtime.globals + php_runtime.current);
	size_t count = 0;

	*ret_is_known = true;
	for (size_t i = 0; frame && count <= max && *ret_is_known; i++) {
		uintptr_t function = mark_word(frame + FRAME_FUNCTION);

		if (is_frame(function)) {
			*mix = mix_frame(*mix, frame, function, ret_is_known);
			count++;
		}
		*ret_is_known &= i < max + LEFT_OUT_MAX;
		frame = mark_word(frame + FRAME_PREVIOUS);
	}
	return count;
}
