#include "frames/perl_op.h"

#include <string.h>

#include "frames/peek.h"
#include "frames/perl_object.h"

/* Bytes into an op. The last one is also the place of a constant, or of its number in
 * the pad. */
enum { OP_NEXT = 0, OP_SIBLING = 8, OP_FUNCTION = 16, OP_TARGET = 24, OP_TYPE = 32,
       OP_FLAGS = 34, OP_FIRST = 40 };
enum { TYPE_BITS = 0x1ff, TYPE_MORE_SIBLINGS = 0x4000, FLAG_KIDS = 4 };

/* A statement with more code than this shows its first line. */
enum { OPS_MAX = 20000, KIDS_MAX = 1 << 16 };

struct op {
	uintptr_t next;
	uintptr_t sibling; /* 0 for the last, whose `parent` is known instead */
	uintptr_t parent;
	uintptr_t target;  /* of an op that was taken out: what it was */
	uintptr_t first;   /* its first part; 0 when it has none */
	uint16_t type;
};

static bool op_read(uintptr_t address, struct op *ret)
{
	uint8_t bytes[OP_FIRST];
	uint16_t bits;
	uintptr_t beside;

	if (address % sizeof(void *) != 0 || !peek(address, bytes, sizeof(bytes)))
		return false;
	memcpy(&ret->next, bytes + OP_NEXT, sizeof(ret->next));
	memcpy(&beside, bytes + OP_SIBLING, sizeof(beside));
	memcpy(&ret->target, bytes + OP_TARGET, sizeof(ret->target));
	memcpy(&bits, bytes + OP_TYPE, sizeof(bits));
	ret->type = bits & TYPE_BITS;
	ret->sibling = bits & TYPE_MORE_SIBLINGS ? beside : 0;
	ret->parent = bits & TYPE_MORE_SIBLINGS ? 0 : beside;
	ret->first = bytes[OP_FLAGS] & FLAG_KIDS ? peek_word(address + OP_FIRST) : 0;
	return true;
}

static bool is_wanted(uintptr_t address, const struct op *op, uintptr_t wanted, bool is_next)
{
	if (!is_next)
		return address == wanted;
	return op->next == wanted && op->type != perl_runtime.opcodes.scope;
}

/* Where to go on when `op` has no more parts: the next part of what it is a part of.
 * 0 at the end of the tree under `root`. */
static uintptr_t behind(uintptr_t address, struct op op, uintptr_t root, unsigned *left)
{
	while (address != root && op.sibling == 0) {
		address = op.parent;
		if (address == root || (*left)-- == 0 || !op_read(address, &op))
			return 0;
	}
	return address == root ? 0 : op.sibling;
}

/* Looks through the tree under `root`, outer ops first. 0 when it is not there. */
static uintptr_t find(uintptr_t root, uintptr_t wanted, bool is_next)
{
	uintptr_t address = root;
	struct op op;

	for (unsigned left = OPS_MAX; address != 0 && left > 0; left--) {
		if (!op_read(address, &op))
			return 0;
		if (is_wanted(address, &op, wanted, is_next))
			return address;
		address = op.first ? op.first : behind(address, op, root, &left);
	}
	return 0;
}

static uintptr_t parent_of(uintptr_t address)
{
	struct op op;

	for (unsigned left = KIDS_MAX; left > 0 && op_read(address, &op); left--) {
		if (op.sibling == 0)
			return op.parent;
		address = op.sibling;
	}
	return 0;
}

/* The last statement that was taken out among the parts of `parent` up to `part`. */
static uintptr_t taken_out_before(uintptr_t parent, uintptr_t part)
{
	uintptr_t found = 0;
	struct op op;

	if (!op_read(parent, &op))
		return 0;

	uintptr_t address = op.first;

	for (unsigned left = KIDS_MAX; left > 0 && op_read(address, &op); left--) {
		if (op.type == perl_runtime.opcodes.null &&
		    op.target == perl_runtime.opcodes.next_statement)
			found = address;
		if (address == part)
			break;
		address = op.sibling;
	}
	return found;
}

uintptr_t perl_statement(uintptr_t cop, uintptr_t op, bool is_next)
{
	struct op statement;

	if (op == 0 || !op_read(cop, &statement) || statement.sibling == 0)
		return cop;

	uintptr_t root = statement.sibling;
	uintptr_t part = find(root, op, is_next);

	for (unsigned left = OPS_MAX; left > 0 && part != 0 && part != root; left--) {
		uintptr_t parent = parent_of(part);
		uintptr_t found = taken_out_before(parent, part);

		if (found != 0)
			return found;
		part = parent;
	}
	return cop;
}

bool perl_op_is_exit(uintptr_t op)
{
	return perl_runtime.exit_function != 0 && op % sizeof(void *) == 0 &&
	       peek_word(op + OP_FUNCTION) == perl_runtime.exit_function;
}

static bool is_named_method(uint16_t type)
{
	const struct perl_opcodes *opcodes = &perl_runtime.opcodes;

	return type == opcodes->method_named || type == opcodes->method_super ||
	       type == opcodes->method_redirected || type == opcodes->method_redirected_super;
}

/* With threads, constants are in the pad. */
static uintptr_t in_pad(uintptr_t pad, uintptr_t index)
{
	return index > UINT32_MAX ? 0 : peek_word(pad + index * sizeof(uintptr_t));
}

static uintptr_t method_name(uintptr_t address, const struct op *op, uintptr_t pad)
{
	return op->target != 0 ? in_pad(pad, op->target) : peek_word(address + OP_FIRST);
}

static uintptr_t glob_of(uintptr_t address, uintptr_t pad)
{
	uintptr_t word = peek_word(address + OP_FIRST);

	return perl_runtime.key != 0 ? in_pad(pad, word) : word;
}

/* What is called is the last part of a call, behind the arguments. */
static uintptr_t callee_of(const struct op *call)
{
	uintptr_t address = call->first;
	struct op op;

	if (op_read(address, &op) && op.type == perl_runtime.opcodes.null && op.first != 0)
		address = op.first;
	for (unsigned left = KIDS_MAX; left > 0 && op_read(address, &op); left--) {
		if (op.sibling == 0)
			return address;
		address = op.sibling;
	}
	return 0;
}

/* The string or glob that names what is called; 0 when there is none. */
static uintptr_t callee_name(uintptr_t address, uintptr_t pad)
{
	struct op op;

	if (!op_read(address, &op))
		return 0;
	if (is_named_method(op.type))
		return method_name(address, &op, pad);
	/* name(...) gets the sub of a glob; that op was taken out. */
	if (op.type == perl_runtime.opcodes.null &&
	    op.target == perl_runtime.opcodes.sub_of_value && op.first != 0) {
		address = op.first;
		if (op_read(address, &op) && op.type == perl_runtime.opcodes.glob)
			return glob_of(address, pad);
	}
	return 0;
}

void perl_called(uintptr_t op, uintptr_t pad, char *ret, size_t size)
{
	struct op call;

	ret[0] = 0;
	if (!op_read(op, &call))
		return;
	if (call.type != perl_runtime.opcodes.call && call.type != perl_runtime.opcodes.go_to)
		return;

	uintptr_t name = call.type == perl_runtime.opcodes.call ?
				 callee_name(callee_of(&call), pad) : 0;

	if (name == 0 || perl_bare_name(name, ret, size) != 0)
		memcpy(ret, "?", sizeof("?"));
}
