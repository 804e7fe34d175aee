/* Where one version of CPython keeps what a frame walk reads: byte offsets. The
 * fields are rows of python_layout.def, which says what each is.
 */
#ifndef FRAMES_PYTHON_LAYOUT_H
#define FRAMES_PYTHON_LAYOUT_H

#include <stdbool.h>
#include <stdint.h>

enum {
	PYTHON_MINOR_FIRST = 6,       /* 3.6 */
	PYTHON_MINOR_DEBUG_OFFSETS = 13, /* the first that says its own offsets */
	PYTHON_MINOR_LAST = 15
};

struct python_layout {
#define FIELD(field, ...) uint32_t field;
#define DEBUG_FIELD(field, ...)
#include "frames/python_layout.def"
#undef FIELD
#undef DEBUG_FIELD
	bool is_free_threaded;
};

/* Fills `ret` for version 3.`minor`. `runtime` is the address of its `_PyRuntime`,
 * used from 3.13 on. 0, -ENOTSUP for a version that this build does not know, or
 * -EFAULT when the runtime does not say what it should. */
int python_layout_init(unsigned minor, uintptr_t runtime, struct python_layout *ret);

#endif
