/* An interpreter of version 3.6 to 3.12 made of plain memory: as much of its objects as
 * a frame walk reads, at the offsets that version has.
 *
 *	thread -> inner() of /fake/inner.py, line 11, in Pool.inner(self)
 *	       -> outer() of /fake/outer.py, line 21
 */
#ifndef FAKE_PYTHON_H
#define FAKE_PYTHON_H

#include <stddef.h>
#include <stdint.h>

enum { FAKE_ARENA_SIZE = 16384 };

struct fake_python {
	_Alignas(16) uint8_t arena[FAKE_ARENA_SIZE];
	size_t used;
	uintptr_t thread;
	uintptr_t self; /* the Pool */
};

/* Fills `fake`, and python_runtime to read it. */
void fake_python_init(struct fake_python *fake, unsigned minor);

/* A str in the arena: `kind` is 1, 2 or 4 bytes a character, ASCII when `is_ascii`. */
uintptr_t fake_text(struct fake_python *fake, const void *characters, size_t length,
		    unsigned kind, int is_ascii);
uintptr_t fake_bytes(struct fake_python *fake, const void *bytes, size_t length);

#endif
