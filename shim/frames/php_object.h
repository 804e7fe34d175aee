/* PHP's objects, read through peek.h: layouts that PHP 7.4 to 8.4 share, and the places
 * that php_layout.c finds in the interpreter that runs.
 *
 * Context: the interpreter's own thread. Keeps errno, allocates nothing.
 */
#ifndef FRAMES_PHP_OBJECT_H
#define FRAMES_PHP_OBJECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct php_runtime {
	uintptr_t globals; /* executor_globals, of a build without threads (NTS) */
	size_t globals_size;
	uintptr_t (*executed_file)(void); /* zend_get_executed_filename_ex: a zend_string */
	uint32_t (*executed_line)(void);  /* zend_get_executed_lineno */
	uintptr_t code, code_end;           /* the interpreter's segment */
	uintptr_t collector, collector_end; /* zend_gc_collect_cycles */
	/* Offsets, in `globals` and in a user function. */
	uint32_t current;      /* current_execute_data */
	uint32_t exception_op; /* what a frame runs while an exception takes it apart */
	uint32_t file;         /* filename; the first line follows */
};

extern struct php_runtime php_runtime;

enum {
	PHP_FUNCTION_INTERNAL = 1,
	PHP_FUNCTION_USER = 2,
	PHP_FUNCTION_EVAL = 4, /* code of a file is USER, too */
	PHP_FUNCTION_NAME = 8,
	PHP_FUNCTION_CLASS = 16,
	PHP_CLASS_NAME = 8,
	PHP_STRING_HASH = 8,
	PHP_STRING_LENGTH = 16,
	PHP_STRING_BYTES = 24,
	PHP_OBJECT_CLASS = 16,
	PHP_OPLINE_VALUE = 20, /* extended_value */
	PHP_OPLINE_LINE = 24,
	PHP_OPLINE_SIZE = 32,
	PHP_FRAME_THIS = 32
};

/* Types of a value. */
enum {
	PHP_UNDEFINED = 0,
	PHP_NULL = 1,
	PHP_FALSE = 2,
	PHP_STRING = 6,
	PHP_OBJECT = 8,
	PHP_REFERENCE = 10
};

/* zend_execute_data. */
struct php_frame {
	uintptr_t opline, call, result, function;
	uintptr_t self;     /* when `self_type` says so */
	uint32_t self_type; /* low byte */
	uint32_t argument_count;
	uintptr_t previous;
};

/* zend_op. An operand is an offset: of a constant from the opline, of a variable from
 * the frame. */
struct php_opline {
	uintptr_t handler;
	int32_t first, second, result;
	uint32_t value;
	uint32_t line;
	uint8_t opcode, first_type, second_type, result_type;
};

bool php_frame_read(uintptr_t address, struct php_frame *ret);
bool php_opline_read(uintptr_t address, struct php_opline *ret);

/* PHP_FUNCTION_...; 0 when it is no function. */
uint8_t php_function_type(uintptr_t function);
/* Is it code that has lines? */
bool php_is_user(uint8_t function_type);
/* Of a user function. */
uintptr_t php_file_of(uintptr_t function);
uint32_t php_first_line_of(uintptr_t function);

bool php_has_self(const struct php_frame *frame);

/* Writes a zend_string into `ret`, which has room for `size` bytes; it ends with 0, is cut
 * at a character, and what is no UTF-8 in it is '?'. 0, or -EFAULT when it is no string. */
int php_text_read(uintptr_t string, char *ret, size_t size);

#endif
