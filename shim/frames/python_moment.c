#include "frames/python_moment.h"

#include <stdatomic.h>

#include "frames/python_call.h"
#include "frames/python_object.h"

bool python_is_finalizing(void)
{
	if (python_runtime.is_finalizing != NULL)
		return python_runtime.is_finalizing() != 0;
	return python_runtime.finalizing != 0 && peek_word(python_runtime.finalizing) != 0;
}

/* Up to 3.12 the collector's state has no known place, but a shape to know it by:
 *
 *	generations[3], *generation0, permanent generation, statistics[3], int collecting
 *
 * where generation0 points to generations[0]. 3.7 aligns a generation to 16 bytes.
 * In 3.6 the flag is a static variable of its own: out of reach. */
struct collector_shape {
	uint8_t first, last;     /* minor versions */
	uint16_t generations;    /* bytes, of all three */
	uint16_t to_collecting;  /* bytes from generation0 on */
	uint16_t search_max;     /* bytes of what holds the state */
	bool is_in_runtime;      /* _PyRuntime holds it, else the interpreter's state */
};

static const struct collector_shape shapes[] = {
	{ 7, 7, 144, 136, 1024, true },
	{ 8, 8, 72, 104, 1024, true },
	{ 9, 12, 72, 104, 4096, false },
};

enum { COLLECTING_UNKNOWN = -1 };

static int32_t search(uintptr_t holder, const struct collector_shape *shape)
{
	for (unsigned at = shape->generations; at < shape->search_max; at += sizeof(uintptr_t))
		if (peek_word(holder + at) == holder + at - shape->generations)
			return (int32_t)at + shape->to_collecting;
	return COLLECTING_UNKNOWN;
}

/* Offset of `collecting` in `holder`. The search is done once a process. */
static int32_t collecting_offset(uintptr_t holder, const struct collector_shape *shape)
{
	static atomic_int found; /* 0 until searched */
	int32_t offset = atomic_load_explicit(&found, memory_order_relaxed);

	if (offset == 0) {
		offset = search(holder, shape);
		atomic_store_explicit(&found, offset, memory_order_relaxed);
	}
	return offset;
}

/* Address of the collector's flag; 0 when it is not known. */
static uintptr_t collecting_address(uintptr_t thread)
{
	const struct python_layout *layout = &python_runtime.layout;
	uintptr_t interpreter = peek_word(thread + layout->thread_interpreter);

	if (layout->gc_collecting != 0)
		return interpreter + layout->interpreter_gc + layout->gc_collecting;
	for (size_t i = 0; i < sizeof(shapes) / sizeof(*shapes); i++) {
		const struct collector_shape *shape = &shapes[i];
		uintptr_t holder = shape->is_in_runtime ? python_runtime.runtime : interpreter;

		if (python_runtime.minor < shape->first || python_runtime.minor > shape->last)
			continue;

		int32_t offset = collecting_offset(holder, shape);

		return offset == COLLECTING_UNKNOWN ? 0 : holder + (uintptr_t)offset;
	}
	return 0;
}

void python_read_moment(uintptr_t thread, const struct language_frame *frames, size_t count,
			struct language_moment *ret)
{
	*ret = (struct language_moment){ .is_finalizing = python_is_finalizing() };
	if (thread == 0)
		return;

	uintptr_t collecting = collecting_address(thread);

	ret->is_collecting_known = collecting != 0;
	ret->is_collecting = collecting != 0 && peek_int(collecting) != 0;
	if (count > 0)
		python_called(thread, &frames[0], ret->called, sizeof(ret->called));
}
