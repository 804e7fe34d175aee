#include "frames/php_walk.h"

#include <errno.h>
#include <string.h>

#include "frames/peek.h"
#include "frames/php_object.h"

enum {
	/* Frames without a function are few: marks for calls from the engine. */
	STEPS_MAX = 1 << 16,
	INCLUDE_OR_EVAL = 73,
	/* pdo_dbh_t: its first flag. In front of an object of PDO's stands its address. */
	PDO_FLAGS = 4 * sizeof(uintptr_t),
	PDO_IS_PERSISTENT = 1
};

/* The scripts' names for what runs a file: zend_compile.h, ZEND_EVAL and so on. */
static const struct {
	uint32_t kind;
	const char *name;
} includes[] = {
	{ 1, "eval" },
	{ 2, "include" },
	{ 4, "include_once" },
	{ 8, "require" },
	{ 16, "require_once" },
};

/* While an exception takes a frame apart, its own opline is kept beside. */
static uintptr_t opline_of(const struct php_frame *frame)
{
	uintptr_t begin = php_runtime.globals + php_runtime.exception_op;

	if (frame->opline < begin || frame->opline >= begin + 3 * PHP_OPLINE_SIZE)
		return frame->opline;
	return peek_word(begin - sizeof(uintptr_t));
}

/* A text by its contents: a server's requests reuse each other's addresses. */
static uintptr_t text_identity(uintptr_t text)
{
	uintptr_t hash = text ? peek_word(text + PHP_STRING_HASH) : 0;

	return hash ? hash : text;
}

/* Of the function's name and of its class's. */
static uintptr_t names_identity(uintptr_t function)
{
	uintptr_t class = peek_word(function + PHP_FUNCTION_CLASS);

	return 3 * text_identity(peek_word(function + PHP_FUNCTION_NAME)) +
	       (class ? 5 * text_identity(peek_word(class + PHP_CLASS_NAME)) : 0);
}

/* False for what is no frame in PHP's own traces. */
static bool frame_fill(struct language_frame *ret, uintptr_t address, const struct php_frame *frame)
{
	uint8_t type = php_function_type(frame->function);

	*ret = (struct language_frame){ .code = frame->function, .frame = address };
	if (!type)
		return false;
	ret->file = names_identity(frame->function);
	if (php_is_user(type)) {
		ret->file += text_identity(php_file_of(frame->function));
		ret->position = (uint32_t)peek_int(opline_of(frame) + PHP_OPLINE_LINE);
		ret->first_line = php_first_line_of(frame->function);
		return true;
	}
	/* A fiber's first frame has no name. */
	return type == PHP_FUNCTION_INTERNAL &&
	       peek_word(frame->function + PHP_FUNCTION_NAME) != 0;
}

size_t php_walk(struct language_frame *frames, size_t max, bool *ret_is_truncated)
{
	uintptr_t address = peek_word(php_runtime.globals + php_runtime.current);
	struct language_frame found;
	struct php_frame frame;
	size_t count = 0;

	*ret_is_truncated = false;
	for (unsigned i = 0; i < STEPS_MAX && address && php_frame_read(address, &frame); i++) {
		if (frame.function && frame_fill(&found, address, &frame)) {
			*ret_is_truncated = count == max;
			if (count == max)
				break;
			frames[count++] = found;
		}
		address = frame.previous;
	}
	return count;
}

/* What code without a name is: what the frame outside of it was doing. */
static const char *nameless(const struct php_frame *frame)
{
	struct php_frame outer;
	struct php_opline opline;

	if (!frame->previous || !php_frame_read(frame->previous, &outer) || !outer.function ||
	    !php_is_user(php_function_type(outer.function)) ||
	    !php_opline_read(outer.opline, &opline) || opline.opcode != INCLUDE_OR_EVAL)
		return "{main}";
	for (size_t i = 0; i < sizeof(includes) / sizeof(includes[0]); i++)
		if (includes[i].kind == opline.value)
			return includes[i].name;
	return "{main}";
}

/* "Class->method", "Class::method" without an object, "function". */
static int read_name(const struct php_frame *frame, char *ret, size_t size)
{
	uintptr_t name = peek_word(frame->function + PHP_FUNCTION_NAME);
	uintptr_t class = peek_word(frame->function + PHP_FUNCTION_CLASS);
	size_t used = 0;

	if (!name) {
		const char *text = nameless(frame);

		memcpy(ret, text, strlen(text) + 1);
		return 0;
	}
	if (class) {
		if (php_text_read(peek_word(class + PHP_CLASS_NAME), ret, size - 2))
			return -EFAULT;
		used = strlen(ret);
		memcpy(ret + used, php_has_self(frame) ? "->" : "::", 3);
		used += 2;
	}
	/* A class whose name fills the room leaves none for the method's. */
	return used + 1 < size ? php_text_read(name, ret + used, size - used) : 0;
}

int php_describe(const struct language_frame *frame, struct language_description *ret)
{
	struct php_frame read;

	if (!php_frame_read(frame->frame, &read) || read.function != frame->code ||
	    read_name(&read, ret->function, sizeof(ret->function)))
		return -EFAULT;
	ret->file[0] = 0;
	ret->line = frame->position;
	if (!php_is_user(php_function_type(read.function)))
		return 0;
	return php_text_read(php_file_of(read.function), ret->file, sizeof(ret->file));
}

/* The function is pg_pconnect, or PDO's constructor: frames/pools.def asks for them only. */
int php_read_self(const struct language_frame *frame, struct language_self *ret)
{
	static const char type[] = "persistent list";
	struct php_frame read;

	if (!php_frame_read(frame->frame, &read))
		return -EFAULT;
	if (php_has_self(&read)) {
		uintptr_t handle = peek_word(read.self - sizeof(uintptr_t));

		if (!handle || !(peek_word(handle + PDO_FLAGS) & PDO_IS_PERSISTENT))
			return -EFAULT;
	}
	ret->address = php_runtime.globals;
	memcpy(ret->type, type, sizeof(type));
	return 0;
}
