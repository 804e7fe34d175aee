#include "frames/python_call.h"

#include "frames/python_object.h"

enum {
	OPCODE_DUP_TOP = 4,
	OPCODE_CALL_FUNCTION = 131,
	OPCODE_CALL_FUNCTION_KW = 141,
	OPCODE_CALL_FUNCTION_EX = 142,
	OPCODE_EXTENDED_ARG = 144,
	OPCODE_CALL_METHOD = 161
};

/* A call with more instructions than this between callee and call has no name. */
enum { INSTRUCTIONS_MAX = 1024 };

enum opcode_kind { UNKNOWN, OTHER, NAMED, LOCAL, CLOSURE, CALL, EXIT };

struct instruction {
	enum opcode_kind kind;
	uint32_t opcode, argument;
	uint32_t pops, pushes;
};

#define BITS(value) (uint32_t)__builtin_popcount(value)

static struct instruction instruction_make(uint32_t opcode, uint32_t arg)
{
	struct instruction instruction = { .opcode = opcode, .argument = arg };

	switch (opcode) {
#define STACK_OPCODE(number, stack_pops, stack_pushes, opcode_kind) \
	case number: \
		instruction.pops = stack_pops; \
		instruction.pushes = stack_pushes; \
		instruction.kind = opcode_kind; \
		break;
#define OPCODE(minor, first, last, kind)
#include "frames/python_opcodes.def"
#undef STACK_OPCODE
#undef OPCODE
	default:
		break;
	}
	return instruction;
}

/* The instruction at `at`, in bytes, with the prefixes that extend its argument. */
static struct instruction instruction_read(uintptr_t bytecode, uintptr_t at)
{
	uint32_t argument = peek_byte(bytecode + at + 1);

	for (unsigned i = 1; i <= 3 && at >= 2 * i; i++) {
		if (peek_byte(bytecode + at - 2 * i) != OPCODE_EXTENDED_ARG)
			break;
		argument |= (uint32_t)peek_byte(bytecode + at - 2 * i + 1) << (8 * i);
	}
	return instruction_make(peek_byte(bytecode + at), argument);
}

/* 3.9 and 3.10 leave a `with` block by a call with None, copied twice. Arguments
 * of a call in the source are never copies. */
static bool is_exit(uintptr_t bytecode, uintptr_t at, const struct instruction *call)
{
	return call->opcode == OPCODE_CALL_FUNCTION && call->argument == 3 && at >= 4 &&
	       peek_byte(bytecode + at - 2) == OPCODE_DUP_TOP &&
	       peek_byte(bytecode + at - 4) == OPCODE_DUP_TOP;
}

/* How many values are above the callee on the stack. */
static uint32_t values_above_callee(const struct instruction *call)
{
	switch (call->opcode) {
	case OPCODE_CALL_FUNCTION_KW:
		return call->argument + 1;
	case OPCODE_CALL_FUNCTION_EX:
		return 1 + (call->argument & 1);
	default:
		return call->argument;
	}
}

static struct python_callee callee_from(const struct instruction *load)
{
	struct python_callee callee = { .kind = CALLEE_UNNAMED, .index = load->argument };

	if (load->kind == NAMED)
		callee.kind = CALLEE_NAMED;
	else if (load->kind == LOCAL)
		callee.kind = CALLEE_LOCAL;
	else if (load->kind == CLOSURE)
		callee.kind = CALLEE_CLOSURE;
	return callee;
}

/* Walks back from a call to the instruction that put its callee on the stack. */
static struct python_callee find_callee(uintptr_t bytecode, uintptr_t at,
					const struct instruction *call)
{
	uint32_t above = values_above_callee(call);

	for (unsigned step = 0; at >= 2 && step < INSTRUCTIONS_MAX; step++) {
		at -= 2;
		if (peek_byte(bytecode + at) == OPCODE_EXTENDED_ARG)
			continue;

		struct instruction instruction = instruction_read(bytecode, at);

		if (instruction.kind == UNKNOWN)
			break;
		if (above < instruction.pushes)
			return callee_from(&instruction);
		above = above - instruction.pushes + instruction.pops;
	}
	return (struct python_callee){ .kind = CALLEE_UNNAMED };
}

struct python_callee python_callee_by_stack(const struct language_frame *frame)
{
	const struct python_layout *layout = &python_runtime.layout;
	uintptr_t code = peek_word(frame->code + layout->code_bytecode);
	struct peek_window window;
	size_t size;

	if (!python_bytes_open(code, &window, &size) || frame->position % 2 != 0 ||
	    frame->position >= size)
		return (struct python_callee){ .kind = CALLEE_NONE };

	uintptr_t bytecode = code + layout->bytes_data;
	struct instruction call = instruction_read(bytecode, frame->position);

	if (call.kind == EXIT || is_exit(bytecode, frame->position, &call))
		return (struct python_callee){ .kind = CALLEE_EXIT };
	if (call.kind != CALL)
		return (struct python_callee){ .kind = CALLEE_NONE };
	return find_callee(bytecode, frame->position, &call);
}
