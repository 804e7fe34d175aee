#include "fake_php.h"

#include <assert.h>
#include <string.h>

enum {
	GLOBALS_SIZE = 1024,
	VM_STACK = 456, /* top, end, page, page size, then the current frame */
	CURRENT = 488,
	EXCEPTION_OP = 888,
	HANDLE_EXCEPTION = 149,
	LINE = 12
};

static void *take(struct fake_php *fake, size_t size)
{
	void *address = fake->arena + fake->used;

	fake->used += (size + 15) / 16 * 16;
	assert(fake->used <= sizeof(fake->arena));
	return address;
}

static void set_word(uintptr_t address, uintptr_t word)
{
	memcpy((void *)address, &word, sizeof(word));
}

uintptr_t fake_php_string(struct fake_php *fake, const char *text, size_t length)
{
	uintptr_t string = (uintptr_t)take(fake, PHP_STRING_BYTES + length + 1);

	set_word(string + PHP_STRING_HASH, (uintptr_t)1 << 63 | length);
	set_word(string + PHP_STRING_LENGTH, length);
	memcpy((void *)(string + PHP_STRING_BYTES), text, length);
	return string;
}

uintptr_t fake_php_value(struct fake_php *fake, uint64_t value, uint32_t type)
{
	uint64_t *words = take(fake, 2 * sizeof(*words));

	words[0] = value;
	words[1] = type;
	return (uintptr_t)words;
}

static uintptr_t text(struct fake_php *fake, const char *content)
{
	return fake_php_string(fake, content, strlen(content));
}

static uintptr_t make_class(struct fake_php *fake, const char *name)
{
	uintptr_t class = (uintptr_t)take(fake, 64);

	set_word(class + PHP_CLASS_NAME, text(fake, name));
	return class;
}

static uintptr_t make_function(struct fake_php *fake, uint8_t type, const char *name,
			       uintptr_t class, const char *file)
{
	uintptr_t function = (uintptr_t)take(fake, 512);
	uint32_t first_line = 5;

	*(uint8_t *)function = type;
	if (name)
		set_word(function + PHP_FUNCTION_NAME, text(fake, name));
	set_word(function + PHP_FUNCTION_CLASS, class);
	if (file) {
		set_word(function + fake->runtime.file, text(fake, file));
		memcpy((void *)(function + fake->runtime.file + 8), &first_line, 4);
	}
	return function;
}

static struct php_frame *make_frame(struct fake_php *fake, uintptr_t function,
				    struct php_frame *previous)
{
	/* Its variables follow. */
	struct php_frame *frame = take(fake, 256);
	struct php_opline *oplines = take(fake, FAKE_PHP_OPLINES * sizeof(*oplines));

	for (uint32_t i = 0; i < FAKE_PHP_OPLINES; i++)
		oplines[i].line = LINE + i;
	frame->opline = (uintptr_t)oplines;
	frame->function = function;
	frame->previous = (uintptr_t)previous;
	return frame;
}

static void make_globals(struct fake_php *fake)
{
	unsigned char *globals = take(fake, GLOBALS_SIZE);
	uintptr_t address = (uintptr_t)globals;

	set_word(address + VM_STACK, 0x10000);
	set_word(address + VM_STACK + 8, 0x20000);
	set_word(address + VM_STACK + 16, 0x8000);
	set_word(address + VM_STACK + 24, 1 << 18);
	for (unsigned i = 0; i < 3; i++) {
		struct php_opline opline = { .handler = 0x7000, .opcode = HANDLE_EXCEPTION };

		memcpy(globals + EXCEPTION_OP + i * sizeof(opline), &opline, sizeof(opline));
	}
	fake->flags = globals + EXCEPTION_OP + 3 * sizeof(struct php_opline) + 9;
	fake->runtime.globals = address;
	fake->runtime.globals_size = GLOBALS_SIZE;
	fake->runtime.current = CURRENT;
	fake->runtime.exception_op = EXCEPTION_OP;
}

void fake_php_init(struct fake_php *fake, uint32_t file)
{
	memset(fake, 0, sizeof(*fake));
	fake->runtime.file = file;
	make_globals(fake);

	uintptr_t class = make_class(fake, "Store");

	fake->main = make_frame(fake, make_function(fake, PHP_FUNCTION_USER, NULL, 0,
						    "/srv/app.php"), NULL);
	fake->method = make_frame(fake, make_function(fake, PHP_FUNCTION_USER, "close", class,
						      "/srv/store.php"), fake->main);
	fake->method->self_type = PHP_OBJECT;
	fake->method->self = (uintptr_t)take(fake, 64);
	fake->oplines = (struct php_opline *)fake->method->opline;
	fake->internal = make_frame(fake, make_function(fake, PHP_FUNCTION_INTERNAL, "pg_close", 0,
							NULL), fake->method);
	set_word(fake->runtime.globals + CURRENT, (uintptr_t)fake->internal);
	php_runtime = fake->runtime;
}
