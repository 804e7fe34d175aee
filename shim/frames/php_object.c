#include "frames/php_object.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "frames/peek.h"
#include "frames/utf8.h"

/* Longer ones are no names: the memory is something else. */
enum { LENGTH_MAX = 1 << 20 };

struct php_runtime php_runtime;

static_assert(sizeof(struct php_frame) == 56, "as in zend_compile.h");
static_assert(sizeof(struct php_opline) == PHP_OPLINE_SIZE, "as in zend_compile.h");

bool php_frame_read(uintptr_t address, struct php_frame *ret)
{
	return peek(address, ret, sizeof(*ret));
}

bool php_opline_read(uintptr_t address, struct php_opline *ret)
{
	return peek(address, ret, sizeof(*ret));
}

uint8_t php_function_type(uintptr_t function)
{
	uint8_t type = peek_byte(function);

	return type == PHP_FUNCTION_INTERNAL || php_is_user(type) ? type : 0;
}

bool php_is_user(uint8_t function_type)
{
	return function_type == PHP_FUNCTION_USER || function_type == PHP_FUNCTION_EVAL;
}

uintptr_t php_file_of(uintptr_t function)
{
	return peek_word(function + php_runtime.file);
}

uint32_t php_first_line_of(uintptr_t function)
{
	return (uint32_t)peek_int(function + php_runtime.file + sizeof(uintptr_t));
}

bool php_has_self(const struct php_frame *frame)
{
	return (frame->self_type & 0xff) == PHP_OBJECT;
}

int php_text_read(uintptr_t string, char *ret, size_t size)
{
	uintptr_t length = peek_word(string + PHP_STRING_LENGTH);
	size_t used = length < size ? length : size - 1;

	if (!length || length > LENGTH_MAX || !peek(string + PHP_STRING_BYTES, ret, used + 1))
		return -EFAULT;
	/* The name of an anonymous class goes on behind a 0: "class@anonymous\0/srv/a.php:12$0". */
	used = strnlen(ret, used);
	if (ret[used] != 0) {
		utf8_repair(ret, used);
		utf8_trim(ret, &used);
		ret[used] = 0;
	} else {
		/* Together with its end: a last character may never have been whole. */
		utf8_repair(ret, used + 1);
	}
	return 0;
}
