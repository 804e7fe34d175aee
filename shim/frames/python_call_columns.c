#include "frames/python_call.h"

#include "frames/python_lines.h"
#include "frames/python_object.h"
#include "frames/python_walk.h"

enum opcode_kind {
	OTHER,
	CALL,
	PRECALL,  /* 3.11: stands before each CALL, and may do its work */
	EXIT,
	NAMED,
	NAMED_1,
	NAMED_2,
	LOCAL,
	CONSTANT,
	EXTENDED,
	SKIP,
	LINE,
	INSTRUCTION
};

struct opcode_row {
	uint8_t minor, first, last, kind;
};

static const struct opcode_row opcodes[] = {
#define STACK_OPCODE(number, pops, pushes, kind)
#define OPCODE(minor, first, last, kind) { minor, first, last, kind },
#include "frames/python_opcodes.def"
#undef STACK_OPCODE
#undef OPCODE
};

/* The instructions that a frame runs. */
struct instructions {
	uintptr_t code;
	uintptr_t bytecode;
};

static enum opcode_kind kind_of(uint8_t opcode)
{
	for (size_t i = 0; i < sizeof(opcodes) / sizeof(*opcodes); i++)
		if (opcodes[i].minor == python_runtime.minor && opcode >= opcodes[i].first &&
		    opcode <= opcodes[i].last)
			return opcodes[i].kind;
	return OTHER;
}

/* What stands under an instruction that was replaced to trace a line: in 3.12 and 3.13.0
 * pairs of it and a line; later after a byte that says how many belong to each, 2 to 5.
 * No code begins with an instruction of such a number, so the first byte tells. */
static uint8_t opcode_under_line(uintptr_t monitoring, uint32_t index)
{
	uintptr_t lines = peek_word(monitoring + python_runtime.layout.monitoring_lines);
	uint8_t entry_size = peek_byte(lines);

	if (python_runtime.minor == 12 || entry_size < 2 || entry_size > 5)
		return peek_byte(lines + 2 * (uintptr_t)index);
	return peek_byte(lines + 1 + (uintptr_t)entry_size * index);
}

static enum opcode_kind kind_at(const struct instructions *instructions, uint32_t at)
{
	const struct python_layout *layout = &python_runtime.layout;
	enum opcode_kind kind = kind_of(peek_byte(instructions->bytecode + at));

	if (kind != LINE && kind != INSTRUCTION)
		return kind;

	uintptr_t monitoring = peek_word(instructions->code + layout->code_monitoring);

	if (kind == LINE)
		kind = kind_of(opcode_under_line(monitoring, at / 2));
	if (kind == INSTRUCTION)
		kind = kind_of(peek_byte(
			peek_word(monitoring + layout->monitoring_instructions) + at / 2));
	return kind;
}

static bool is_same_source(const struct python_location *left, const struct python_location *right)
{
	return left->line == right->line && left->end_line == right->end_line &&
	       left->column == right->column && left->end_column == right->end_column;
}

/* A table entry covers 8 units at most: joins neighbours of one source to one run.
 * `next` holds the entry after the run, and is_ended when there is none. */
struct run_reader {
	struct peek_window table;
	struct python_location next;
	bool is_ended;
};

static bool runs_open(struct run_reader *reader, const struct language_frame *frame)
{
	size_t size;

	if (!python_bytes_open(peek_word(frame->code + python_runtime.layout.code_lines),
			       &reader->table, &size))
		return false;
	python_location_init(&reader->next, frame->first_line);
	reader->is_ended = !python_location_next(&reader->next, &reader->table);
	return true;
}

static bool runs_next(struct run_reader *reader, struct python_location *run)
{
	if (reader->is_ended)
		return false;
	*run = reader->next;
	do {
		run->end = reader->next.end;
		reader->is_ended = !python_location_next(&reader->next, &reader->table);
	} while (!reader->is_ended && is_same_source(run, &reader->next));
	return true;
}

static bool find_run(const struct language_frame *frame, struct python_location *ret)
{
	struct run_reader reader;

	if (!runs_open(&reader, frame))
		return false;
	while (runs_next(&reader, ret))
		if (frame->position < ret->end)
			return true;
	return false;
}

/* The name that the first instruction of a run loads. */
static struct python_callee callee_from(const struct instructions *instructions,
					const struct python_location *run)
{
	uint32_t argument = 0;

	for (uint32_t at = run->start; at < run->end; at += 2) {
		enum opcode_kind kind = kind_at(instructions, at);

		argument = argument << 8 | peek_byte(instructions->bytecode + at + 1);
		if (kind == EXTENDED)
			continue;
		if (kind == NAMED || kind == NAMED_1 || kind == NAMED_2)
			return (struct python_callee){ CALLEE_NAMED, argument >> (kind - NAMED) };
		if (kind == LOCAL)
			return (struct python_callee){ CALLEE_LOCAL, argument };
		if (kind != SKIP)
			return (struct python_callee){ CALLEE_UNNAMED, 0 };
		argument = 0;
	}
	return (struct python_callee){ CALLEE_NONE, 0 };
}

/* `a.b(c)`: what loads the callee `a.b` was compiled from the last piece of source
 * before the call that begins where the call begins and ends before it ends. */
static struct python_callee find_callee(const struct language_frame *frame,
					const struct instructions *instructions,
					const struct python_location *call)
{
	struct python_callee callee = { CALLEE_UNNAMED, 0 };
	struct python_location run;
	struct run_reader reader;

	/* Without columns (-X no_debug_ranges) a line is all that is known. */
	if (call->column < 0 || !runs_open(&reader, frame))
		return callee;
	while (runs_next(&reader, &run) && run.end <= call->start) {
		if (run.line != call->line || run.column != call->column ||
		    is_same_source(&run, call))
			continue;

		struct python_callee found = callee_from(instructions, &run);

		if (found.kind != CALLEE_NONE)
			callee = found;
	}
	return callee;
}

/* The end of a `with` block calls with None three times, and all have the source of
 * the call itself; arguments in the source have their own. */
static bool is_exit(const struct instructions *instructions, uint32_t position,
		    enum opcode_kind kind, const struct python_location *run)
{
	uint32_t last = kind == CALL && python_runtime.minor == 11 ? 6 : 2; /* bytes before */

	return position >= run->start + last + 4 &&
	       kind_at(instructions, position - last) == CONSTANT &&
	       kind_at(instructions, position - last - 2) == CONSTANT &&
	       kind_at(instructions, position - last - 4) == CONSTANT;
}

struct python_callee python_callee_by_columns(const struct language_frame *frame)
{
	const struct instructions instructions = { frame->code, python_bytecode(frame) };
	struct python_location run;

	if ((int32_t)frame->position < 0 || instructions.bytecode == 0)
		return (struct python_callee){ CALLEE_NONE, 0 };

	enum opcode_kind kind = kind_at(&instructions, frame->position);

	if (kind == EXIT)
		return (struct python_callee){ CALLEE_EXIT, 0 };
	if (kind != CALL && kind != PRECALL)
		return (struct python_callee){ CALLEE_NONE, 0 };
	if (!find_run(frame, &run))
		return (struct python_callee){ CALLEE_UNNAMED, 0 };
	if (is_exit(&instructions, frame->position, kind, &run))
		return (struct python_callee){ CALLEE_EXIT, 0 };
	return find_callee(frame, &instructions, &run);
}
