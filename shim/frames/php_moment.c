#include "frames/php_moment.h"

#include <string.h>

#include "frames/peek.h"
#include "frames/php_object.h"

enum { IS_SHUTTING_DOWN = 1 };

/* As zend_vm_opcodes.h has them since 7.4. */
enum opcode_kind {
	OPCODE_OTHER,
	OPCODE_ASSIGN,      /* the second operand to a variable */
	OPCODE_ASSIGN_INTO, /* the next opline's first operand, into an array or object */
	OPCODE_UNSET
};

static const uint8_t kinds[256] = {
	[22] = OPCODE_ASSIGN,
	[23] = OPCODE_ASSIGN_INTO, /* ASSIGN_DIM, _OBJ, _STATIC_PROP */
	[24] = OPCODE_ASSIGN_INTO,
	[25] = OPCODE_ASSIGN_INTO,
	[74] = OPCODE_UNSET, /* UNSET_VAR, _DIM, _OBJ, _CV, _STATIC_PROP */
	[75] = OPCODE_UNSET,
	[76] = OPCODE_UNSET,
	[153] = OPCODE_UNSET,
	[179] = OPCODE_UNSET,
};

enum { OPERAND_CONSTANT = 1, OPERAND_UNUSED = 0 };

/* A value's place: a constant's is counted from its opline, a variable's from the frame. */
static uintptr_t operand(uintptr_t frame, uintptr_t opline, int32_t offset, uint8_t type)
{
	if (type == OPERAND_UNUSED)
		return 0;
	return (type == OPERAND_CONSTANT ? opline : frame) + (uintptr_t)(intptr_t)offset;
}

static uint8_t value_type(uintptr_t value)
{
	return peek_byte(value + sizeof(uintptr_t));
}

static bool is_nothing(uintptr_t value)
{
	if (!value)
		return false;
	if (value_type(value) == PHP_REFERENCE)
		value = peek_word(value) + sizeof(uintptr_t);
	return value_type(value) <= PHP_FALSE;
}

/* The variable has its new value before the old one goes. */
static bool is_set_to_nothing(uintptr_t frame, uintptr_t address, const struct php_opline *opline)
{
	struct php_opline data;

	if (kinds[opline->opcode] == OPCODE_ASSIGN)
		return is_nothing(operand(frame, address, opline->second, opline->second_type));
	address += PHP_OPLINE_SIZE;
	return php_opline_read(address, &data) &&
	       is_nothing(operand(frame, address, data.first, data.first_type));
}

/* What the frame does on purpose to be rid of a value; "" nothing. */
static const char *release_of(const struct language_frame *frame)
{
	struct php_frame read;
	struct php_opline opline;

	if (!php_frame_read(frame->frame, &read) || read.function != frame->code ||
	    !php_is_user(php_function_type(read.function)) ||
	    !php_opline_read(read.opline, &opline))
		return "";
	switch (kinds[opline.opcode]) {
	case OPCODE_ASSIGN:
	case OPCODE_ASSIGN_INTO:
		return is_set_to_nothing(frame->frame, read.opline, &opline) ? "= null" : "";
	case OPCODE_UNSET:
		return "unset";
	default:
		return "";
	}
}

static bool read_name(const struct language_frame *frame, char *ret, size_t size)
{
	uintptr_t name = peek_word(frame->code + PHP_FUNCTION_NAME);

	return name && php_text_read(name, ret, size) == 0;
}

static bool is_destructor(const struct language_frame *frame)
{
	char name[LANGUAGE_ATTRIBUTE_MAX];

	return read_name(frame, name, sizeof(name)) && strcmp(name, "__destruct") == 0;
}

/* A destructor is run by what its caller does. */
static const char *release_by(const struct language_frame *frames, size_t count)
{
	for (size_t i = 0; i + 1 < count; i++)
		if (is_destructor(&frames[i]))
			return release_of(&frames[i + 1]);
	return release_of(&frames[0]);
}

static void read_called(const struct language_frame *frames, size_t count, char *ret, size_t size)
{
	const char *release = release_by(frames, count);
	bool is_internal = php_function_type(frames[0].code) == PHP_FUNCTION_INTERNAL;

	if (*release)
		memcpy(ret, release, strlen(release) + 1);
	else if (!is_internal || !read_name(&frames[0], ret, size))
		ret[0] = 0;
}

/* exit() since 8.0: an exception that nothing catches takes all frames apart. */
static bool is_exiting(void)
{
	char name[sizeof("UnwindExit")];
	uintptr_t exception = peek_word(php_runtime.globals + php_runtime.exception_op -
					3 * sizeof(uintptr_t));
	uintptr_t class = exception ? peek_word(exception + PHP_OBJECT_CLASS) : 0;

	return class && !php_text_read(peek_word(class + PHP_CLASS_NAME), name, sizeof(name)) &&
	       !strcmp(name, "UnwindExit");
}

/* Behind the three oplines of exception_op: current_module, then `active` and `flags`. */
static bool is_shutting_down(void)
{
	uintptr_t end = php_runtime.globals + php_runtime.exception_op + 3 * PHP_OPLINE_SIZE;

	return peek_byte(end + sizeof(uintptr_t) + 1) & IS_SHUTTING_DOWN;
}

void php_read_moment(const struct language_frame *frames, size_t count,
		     struct language_moment *ret)
{
	*ret = (struct language_moment){ .is_finalizing = is_shutting_down() || is_exiting() };
	if (count == 0)
		return;
	read_called(frames, count, ret->called, sizeof(ret->called));
}
