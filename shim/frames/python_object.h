/* CPython's objects, as a process's one interpreter has them, read with distrust:
 * a reader checks an object's type before it reads further.
 */
#ifndef FRAMES_PYTHON_OBJECT_H
#define FRAMES_PYTHON_OBJECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "frames/peek.h"
#include "frames/python_layout.h"

/* What python_attach() found. Written under its lock, before any frame is read. */
struct python_runtime {
	unsigned minor; /* of 3.minor */
	struct python_layout layout;
	uintptr_t (*this_thread)(void); /* PyGILState_GetThisThreadState */
	int (*is_finalizing)(void);     /* NULL in 3.6, which has the variable */
	uintptr_t finalizing;           /* address of that variable */
	uintptr_t runtime;              /* _PyRuntime; 0 in 3.6 */
	uintptr_t evaluator, evaluator_end; /* _PyEval_EvalFrameDefault */
	uintptr_t code_type, text_type, bytes_type, tuple_type, cell_type;
};

extern struct python_runtime python_runtime;

/* From 3.14 on the low bits of a reference in a frame are marks. */
static inline uintptr_t python_untag(uintptr_t reference)
{
	return reference & ~(uintptr_t)7;
}

/* Of a code's qualified name, or its only one. */
static inline uint32_t python_name_offset(void)
{
	const struct python_layout *layout = &python_runtime.layout;

	return layout->code_qualified_name ? layout->code_qualified_name : layout->code_name;
}

/* Where a str keeps the hash of its text, behind its length; -1 until somebody asked. */
#define PYTHON_TEXT_HASH(layout) ((layout)->text_length + sizeof(uintptr_t))

/* Is there an object of exactly this type at `object`? */
bool python_object_is(uintptr_t object, uintptr_t type);

/* Writes the str `object` as UTF-8 into `ret`, which has
 * room for `size` bytes; it ends with 0 and is cut at a character. A lone surrogate
 * (an undecodable byte of a path) becomes U+FFFD. 0, or -EFAULT when it is no str. */
int python_text_read(uintptr_t object, char *ret, size_t size);

/* A number for what is in a str or a bytes object: another's may lie at its address later. */
uint64_t python_text_identity(uintptr_t object);
uint64_t python_bytes_identity(uintptr_t object);

/* As python_text_read of a C string, such as a type's name. */
int python_string_read(uintptr_t address, char *ret, size_t size);

/* The item of a tuple; 0 when it is no tuple or has no such item. */
uintptr_t python_tuple_item(uintptr_t tuple, size_t index);
/* How many items; 0 when it is no tuple. */
size_t python_tuple_size(uintptr_t tuple);

/* Opens a bytes object; false when it is none. */
bool python_bytes_open(uintptr_t object, struct peek_window *ret, size_t *ret_size);

#endif
