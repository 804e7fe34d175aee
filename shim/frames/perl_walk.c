/* Each call, eval, loop and block pushes a context; each tie, sort, DESTROY and the like
 * a stack of contexts of its own. A context has the statement that it was entered from,
 * so what a sub runs is told by the context inside of it. */
#include "frames/perl_walk.h"

#include <errno.h>
#include <string.h>

#include "frames/peek.h"
#include "frames/perl_context.h"
#include "frames/perl_object.h"
#include "frames/perl_op.h"

/* So far down a saved op is looked for: what DESTROY saves is on top. */
enum { SAVED_MAX = 128, SAVED_TYPE_MAX = 63 };

struct stack_info {
	uintptr_t stack, contexts, previous;
	int32_t last, max, type;
};

static bool info_read(uintptr_t address, struct stack_info *ret)
{
	uint8_t bytes[INFO_SIZE];

	if (!peek(address, bytes, sizeof(bytes)))
		return false;
	memcpy(&ret->stack, bytes, sizeof(ret->stack));
	memcpy(&ret->contexts, bytes + INFO_CONTEXTS, sizeof(ret->contexts));
	memcpy(&ret->previous, bytes + INFO_PREVIOUS, sizeof(ret->previous));
	memcpy(&ret->last, bytes + INFO_LAST, sizeof(ret->last));
	memcpy(&ret->max, bytes + INFO_MAX, sizeof(ret->max));
	memcpy(&ret->type, bytes + INFO_TYPE, sizeof(ret->type));
	return ret->last <= ret->max;
}

static uintptr_t variable(uintptr_t interpreter, enum perl_variable name)
{
	return peek_word(perl_variable(interpreter, name));
}

bool perl_is_alive(uintptr_t interpreter)
{
	struct stack_info info;

	/* What was freed and used again does not agree with itself. */
	return info_read(variable(interpreter, PERL_STACK_INFO), &info) &&
	       info.stack != 0 && info.stack == variable(interpreter, PERL_STACK);
}

static int32_t phase_of(uintptr_t interpreter)
{
	return peek_int(perl_variable(interpreter, PERL_PHASE));
}

bool perl_is_running(uintptr_t interpreter)
{
	int32_t phase = phase_of(interpreter);

	return phase >= PHASE_START && phase <= PHASE_END;
}

/* The innermost stack of contexts of that type. */
static bool find_info(uintptr_t interpreter, int32_t type, struct stack_info *ret)
{
	uintptr_t address = variable(interpreter, PERL_STACK_INFO);

	for (unsigned left = STACKS_MAX; left > 0 && info_read(address, ret); left--) {
		if (ret->type == type)
			return true;
		address = ret->previous;
	}
	return false;
}

bool perl_is_left(uintptr_t interpreter)
{
	struct stack_info info;

	return phase_of(interpreter) >= PHASE_RUN && find_info(interpreter, INFO_MAIN, &info) &&
	       info.last < 0;
}

bool perl_has_destroy(uintptr_t interpreter)
{
	struct stack_info info;

	return find_info(interpreter, INFO_DESTROY, &info);
}

/* The code of the program goes before the phase says so, and its lexicals go in between. */
static bool has_ended(uintptr_t interpreter)
{
	int32_t phase = phase_of(interpreter);

	return phase == PHASE_DESTRUCT ||
	       (phase >= PHASE_RUN && variable(interpreter, PERL_MAIN_ROOT) == 0);
}

/* A DESTROY saves the op that it interrupts. When that is the root of the program, the
 * program's last statement is done, and the lexicals of its file are let go; when it is
 * exit, those of everything. A saved op is a pointer with a small number behind it, but so
 * are other things that are saved. */
static bool is_leaving(uintptr_t interpreter)
{
	uintptr_t words[SAVED_MAX], root = variable(interpreter, PERL_MAIN_ROOT);
	int32_t used = peek_int(perl_variable(interpreter, PERL_SAVED_COUNT));
	int32_t count = used < SAVED_MAX ? used : SAVED_MAX;

	if (count < 2 || !peek(variable(interpreter, PERL_SAVED) +
			       (uintptr_t)(used - count) * sizeof(*words),
			       words, (size_t)count * sizeof(*words)))
		return false;
	peek_set_guarded(true);
	for (int32_t i = 0; i + 1 < count; i++)
		if (words[i + 1] <= SAVED_TYPE_MAX && words[i] != 0 &&
		    (words[i] == root || perl_op_is_exit(words[i])))
			return true;
	return false;
}

bool perl_is_ending(uintptr_t interpreter)
{
	return has_ended(interpreter) || is_leaving(interpreter);
}

struct walk {
	struct language_frame *frames;
	size_t count, max;
	unsigned contexts_left;
	bool is_truncated;
	/* Where the next frame is: the statement, and the op that runs or comes next. */
	uintptr_t cop, op;
};

static void add(struct walk *walk, uintptr_t context)
{
	if (walk->count == walk->max) {
		walk->is_truncated = true;
		return;
	}
	walk->frames[walk->count++] = (struct language_frame){
		.code = walk->cop,
		.file = walk->op,
		.position = (uint32_t)peek_int(walk->cop + PERL_COP_LINE),
		.first_line = (uint32_t)peek_int(walk->cop + PERL_COP_SEQUENCE),
		.frame = context,
	};
}

static uintptr_t context_of(const struct stack_info *info, int32_t index)
{
	return info->contexts + (uintptr_t)index * CONTEXT_SIZE;
}

static uint8_t context_type(const struct stack_info *info, int32_t index)
{
	return peek_byte(context_of(info, index) + CONTEXT_TYPE);
}

/* A DESTROY of a module's C code has no context of its own. */
bool perl_is_destroying(uintptr_t interpreter)
{
	struct stack_info info;

	if (!info_read(variable(interpreter, PERL_STACK_INFO), &info) || info.type != INFO_DESTROY)
		return false;
	for (int32_t i = info.last; i >= 0 && i > info.last - CONTEXTS_MAX; i--)
		if (perl_is_call(context_type(&info, i)))
			return false;
	return true;
}

static void walk_contexts(struct walk *walk, const struct stack_info *info)
{
	for (int32_t i = info->last; i >= 0 && !walk->is_truncated; i--) {
		uintptr_t context = context_of(info, i);

		if (walk->contexts_left-- == 0)
			walk->is_truncated = true;
		if (!perl_is_call(context_type(info, i)))
			continue;
		add(walk, context);
		walk->cop = peek_word(context + CONTEXT_COP);
		walk->op = peek_word(context + CONTEXT_RETURN);
		if (walk->op != 0)
			walk->op |= IS_NEXT;
	}
}

size_t perl_walk(uintptr_t interpreter, struct language_frame *frames, size_t max,
		 bool *ret_is_truncated)
{
	struct walk walk = {
		.frames = frames,
		.max = max,
		.contexts_left = CONTEXTS_MAX,
		.cop = variable(interpreter, PERL_COP),
		.op = variable(interpreter, PERL_OP),
	};
	uintptr_t address = variable(interpreter, PERL_STACK_INFO);
	struct stack_info info;

	for (unsigned left = STACKS_MAX; left > 0 && info_read(address, &info); left--) {
		walk_contexts(&walk, &info);
		if (walk.is_truncated || info.type == INFO_MAIN)
			break;
		address = info.previous;
	}
	/* The program's own code, unless it has ended: END blocks have line 0. */
	if (!walk.is_truncated && !has_ended(interpreter) &&
	    peek_int(walk.cop + PERL_COP_LINE) != 0)
		add(&walk, 0);
	*ret_is_truncated = walk.is_truncated;
	return walk.count;
}

static int name_of(uintptr_t context, char *ret, size_t size)
{
	const char *name = "(main)";

	if (context != 0) {
		uint8_t type = peek_byte(context + CONTEXT_TYPE) & TYPE_MASK;
		uint16_t entered_by = (uint16_t)(peek_int(context + CONTEXT_EVAL) & 0xffff) >> 7;

		if (type == TYPE_SUB)
			return perl_sub_name(peek_word(context + CONTEXT_SUB), ret, size);
		if (type != TYPE_EVAL && type != TYPE_FORMAT)
			return -EFAULT;
		name = type == TYPE_FORMAT ? "(format)" :
		       entered_by == perl_runtime.opcodes.eval_text ? "(eval)" : "(require)";
	}
	if (strlen(name) >= size)
		return -EFAULT;
	memcpy(ret, name, strlen(name) + 1);
	return 0;
}

int perl_describe(const struct language_frame *frame, struct language_description *ret)
{
	uintptr_t op = frame->file & ~(uintptr_t)IS_NEXT;
	uintptr_t cop = perl_statement(frame->code, op, frame->file & IS_NEXT);

	if (name_of(frame->frame, ret->function, sizeof(ret->function)) != 0 ||
	    perl_file_name(cop, ret->file, sizeof(ret->file)) != 0)
		return -EFAULT;
	ret->line = (uint32_t)peek_int(cop + PERL_COP_LINE);
	return 0;
}
