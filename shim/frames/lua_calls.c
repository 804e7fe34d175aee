#include "frames/lua_calls.h"

#include <string.h>

#include "frames/mark.h"

/* CallInfo's; `first` is the state's own, where they are an array. */
struct calls {
	const struct lua_layout *layout;
	uintptr_t next, first;
};

/* A function in Lua. */
struct call {
	uintptr_t proto;
	uintptr_t source;          /* its text */
	uint32_t line, first_line; /* 0 unknown */
};

/* Of a value: its type stands behind it. A function in Lua has one since 5.2; in 5.1 all
 * functions have one, and say it themselves. */
enum { VALUE_TYPE = 8, TYPE_FUNCTION = 6, TYPE_LUA_FUNCTION = 0x46, FUNCTION_IS_C = 10 };
enum { CALL_SIZE_5_1 = 40, TEXT_BYTES = 24, INSTRUCTION_SIZE = 4 };

static struct calls calls_of(const struct lua_layout *layout, uintptr_t state)
{
	return (struct calls){
		.layout = layout,
		.next = mark_word(state + layout->state_call),
		.first = layout->state_first_call ?
				 mark_word(state + layout->state_first_call) : 0,
	};
}

/* 0 when the call runs none in Lua. */
static uintptr_t function_of(const struct lua_layout *layout, uintptr_t call)
{
	uintptr_t value = mark_word(call + layout->call_function);
	unsigned type = value ? mark_byte(value + VALUE_TYPE) : 0u;
	uintptr_t function = value ? mark_word(value) : 0;

	if (layout->call_previous)
		return type == TYPE_LUA_FUNCTION ? function : 0;
	return type == TYPE_FUNCTION && !mark_byte(function + FUNCTION_IS_C) ? function : 0;
}

/* From 5.4 on: differences of a byte, and lines as such (a pc and a line) now and then. */
static uint32_t line_by_differences(const struct lua_layout *layout, uintptr_t proto,
				    uint32_t position)
{
	uintptr_t differences = mark_word(proto + layout->proto_lines);
	uintptr_t bases = mark_word(proto + layout->proto_bases);
	uint32_t count = mark_number(proto + layout->proto_base_count), at = 0;
	int64_t line = mark_number(proto + layout->proto_first_line);

	for (uint32_t i = 0; i < count && mark_number(bases + 8 * i) <= position; i++) {
		at = mark_number(bases + 8 * i) + 1;
		line = mark_number(bases + 8 * i + 4);
	}
	for (; at <= position; at++)
		line += *(const int8_t *)(differences + at);
	return (uint32_t)line;
}

static uint32_t line_of(const struct lua_layout *layout, uintptr_t proto, uintptr_t saved)
{
	uintptr_t lines = mark_word(proto + layout->proto_lines);
	uintptr_t ahead = saved - mark_word(proto + layout->proto_code);

	if (!lines || ahead < INSTRUCTION_SIZE)
		return 0;
	uint32_t position = (uint32_t)(ahead / INSTRUCTION_SIZE - 1);

	return layout->proto_bases ? line_by_differences(layout, proto, position) :
				     mark_number(lines + (uintptr_t)position * sizeof(int));
}

static void call_read(const struct lua_layout *layout, uintptr_t call, uintptr_t function,
		      struct call *ret)
{
	uintptr_t proto = mark_word(function + layout->closure_proto);
	uintptr_t source = mark_word(proto + layout->proto_source);

	*ret = (struct call){
		.proto = proto,
		.source = source ? source + TEXT_BYTES : 0,
		.line = line_of(layout, proto, mark_word(call + layout->call_position)),
		.first_line = mark_number(proto + layout->proto_first_line),
	};
}

static uintptr_t outer(const struct calls *calls, uintptr_t call)
{
	if (calls->layout->call_previous)
		return mark_word(call + calls->layout->call_previous);
	return call - CALL_SIZE_5_1 > calls->first ? call - CALL_SIZE_5_1 : 0;
}

/* The next one to the outside; functions in C are left out. */
static bool calls_next(struct calls *calls, struct call *ret)
{
	while (calls->next) {
		uintptr_t call = calls->next, function = function_of(calls->layout, call);

		calls->next = outer(calls, call);
		if (function) {
			call_read(calls->layout, call, function, ret);
			return true;
		}
	}
	return false;
}

bool lua_calls_agree(const struct lua_layout *layout, uintptr_t state,
		     const struct language_frame *frames, size_t count)
{
	struct calls calls = calls_of(layout, state);
	struct call call;

	for (size_t i = 0; i < count; i++)
		if (!calls_next(&calls, &call) || call.source != frames[i].code ||
		    call.line != frames[i].position || call.first_line != frames[i].first_line)
			return false;
	return true;
}

/* Of the beginning and the end: long ones are code. */
static uint64_t source_hash(uintptr_t source)
{
	enum { PART = 64, LENGTH_MAX = 1 << 16 };
	const char *text = (const char *)source;
	size_t length = text ? strnlen(text, LENGTH_MAX) : 0;
	uint64_t hash = length;

	for (size_t i = 0; i < length; i++) {
		if (i == PART && length > 2 * PART)
			i = length - PART;
		hash = (hash ^ (uint8_t)text[i]) * UINT64_C(0x100000001b3);
	}
	return hash;
}

/* A chunk's text goes with its address, which may be another's later; so do lines. */
size_t lua_calls_mark(const struct lua_layout *layout, uintptr_t state, size_t max, uint64_t *mix)
{
	struct calls calls = calls_of(layout, state);
	struct call call;
	uintptr_t source = 0;
	uint64_t hash = 0;
	size_t count = 0;

	for (; count <= max && calls_next(&calls, &call); count++) {
		if (call.source != source)
			hash = source_hash(call.source);
		source = call.source;
		*mix = mark_frame(*mix, call.proto, source, hash,
				  (uint64_t)call.line << 32 | call.first_line);
	}
	return count;
}
