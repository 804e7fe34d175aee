#include "frames/python_layout.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "frames/peek.h"

enum { TABLE_VERSIONS = PYTHON_MINOR_DEBUG_OFFSETS - PYTHON_MINOR_FIRST };
enum { DEBUG_VERSIONS = PYTHON_MINOR_LAST - PYTHON_MINOR_DEBUG_OFFSETS + 1 };

struct table_row {
	size_t member; /* of struct python_layout */
	uint16_t offsets[TABLE_VERSIONS];
};

struct debug_row {
	size_t member;
	uint8_t words[DEBUG_VERSIONS];
};

static const struct table_row table[] = {
#define FIELD(field, ...) { offsetof(struct python_layout, field), { __VA_ARGS__ } },
#define DEBUG_FIELD(field, ...)
#include "frames/python_layout.def"
#undef FIELD
#undef DEBUG_FIELD
};

static const struct debug_row debug_table[] = {
#define FIELD(field, ...)
#define DEBUG_FIELD(field, ...) { offsetof(struct python_layout, field), { __VA_ARGS__ } },
#include "frames/python_layout.def"
#undef FIELD
#undef DEBUG_FIELD
};

/* Any real offset is far below: the largest struct of all is half a megabyte. */
enum { OFFSET_MAX = 1 << 24 };

static uint32_t *member_of(struct python_layout *layout, size_t member)
{
	return (uint32_t *)((char *)layout + member);
}

static void init_from_table(unsigned minor, struct python_layout *layout)
{
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
		*member_of(layout, table[i].member) = table[i].offsets[minor - PYTHON_MINOR_FIRST];
}

/* What the debug offsets leave out, by its distance from a neighbour that they
 * have: as the headers of 3.13, 3.14 and 3.15 have it, with and without free threading. */
static void init_neighbours(unsigned minor, struct python_layout *layout)
{
	uint32_t tail = layout->code_thread_bytecode ? layout->code_thread_bytecode
						     : layout->code_bytecode;

	layout->thread_datastack_top += sizeof(uintptr_t);
	layout->code_names = layout->code_argument_count - 20;
	layout->code_frame_size = layout->code_argument_count + 24;
	layout->code_first_traceable = tail - 16;
	layout->code_monitoring = layout->code_first_traceable - (minor == 13 ? 8 : 16);
	layout->monitoring_lines = minor == 13 ? 32 : minor == 14 ? 96 : 104;
	layout->monitoring_instructions = layout->monitoring_lines + 16;
	if (minor == 13)
		layout->frame_stack = layout->frame_owner - 6;
}

static int init_from_runtime(unsigned minor, uintptr_t runtime, struct python_layout *layout)
{
	uint64_t head[3]; /* cookie, version, is free-threaded */

	if (!peek(runtime, head, sizeof(head)) || memcmp(head, "xdebugpy", 8) != 0 ||
	    head[1] >> 16 != (0x0300u | minor) || head[2] > 1)
		return -EFAULT;
	layout->is_free_threaded = head[2];

	for (size_t i = 0; i < sizeof(debug_table) / sizeof(*debug_table); i++) {
		unsigned word = debug_table[i].words[minor - PYTHON_MINOR_DEBUG_OFFSETS];
		uint64_t offset;

		if (word == 0)
			continue;
		if (!peek(runtime + 8 * word, &offset, sizeof(offset)))
			return -EFAULT;
		if (offset == UINT64_MAX) /* this build has no such field */
			offset = 0;
		if (offset >= OFFSET_MAX)
			return -EFAULT;
		*member_of(layout, debug_table[i].member) = (uint32_t)offset;
	}
	if (!layout->is_free_threaded)
		layout->code_thread_bytecode = 0;
	init_neighbours(minor, layout);
	return 0;
}

int python_layout_init(unsigned minor, uintptr_t runtime, struct python_layout *ret)
{
	struct python_layout layout = { 0 };

	if (minor < PYTHON_MINOR_FIRST || minor > PYTHON_MINOR_LAST)
		return -ENOTSUP;
	if (minor < PYTHON_MINOR_DEBUG_OFFSETS) {
		init_from_table(minor, &layout);
	} else {
		int result = init_from_runtime(minor, runtime, &layout);

		if (result != 0)
			return result;
	}
	*ret = layout;
	return 0;
}
