/* Perl 5.32 to 5.42 as a struct language: finds the interpreter, and decides when its
 * memory is trusted. */
#include "frames/language.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "frames/attachment.h"
#include "frames/mark.h"
#include "frames/peek.h"
#include "frames/perl_mark.h"
#include "frames/perl_object.h"
#include "frames/perl_op.h"
#include "frames/perl_walk.h"
#include "frames/proof.h"
#include "frames/symbols.h"

enum { OPCODES_MAX = 512 };

static struct proof proof = PROOF; /* ends the time of guarded reads */
static bool is_perl_process; /* not a host of Perl */

static bool is_text(uintptr_t address, const char *text)
{
	char bytes[32];
	size_t size = strlen(text) + 1;

	return size <= sizeof(bytes) && peek(address, bytes, size) &&
	       memcmp(bytes, text, size) == 0;
}

/* The number of the op of that name: its place in PL_op_name. */
static uint16_t opcode(uintptr_t names, const char *name)
{
	for (uint16_t i = 0; i < OPCODES_MAX; i++) {
		uintptr_t address = peek_word(names + i * sizeof(uintptr_t));

		if (address == 0)
			break;
		if (is_text(address, name))
			return i;
	}
	return UINT16_MAX;
}

static bool find_opcodes(struct perl_runtime *runtime)
{
	struct perl_opcodes *opcodes = &runtime->opcodes;
	uint16_t leaving;
	const struct {
		uint16_t *number;
		const char *name;
	} wanted[] = {
		{ &opcodes->null, "null" },
		{ &opcodes->next_statement, "nextstate" },
		{ &opcodes->scope, "scope" },
		{ &opcodes->glob, "gv" },
		{ &opcodes->sub_of_value, "rv2cv" },
		{ &opcodes->call, "entersub" },
		{ &opcodes->go_to, "goto" },
		{ &opcodes->method_named, "method_named" },
		{ &opcodes->method_super, "method_super" },
		{ &opcodes->method_redirected, "method_redir" },
		{ &opcodes->method_redirected_super, "method_redir_super" },
		{ &opcodes->eval_text, "entereval" },
		{ &leaving, "exit" },
	};
	uintptr_t names = symbol_address("PL_op_name"), functions = symbol_address("PL_ppaddr");

	for (size_t i = 0; i < sizeof(wanted) / sizeof(*wanted); i++) {
		*wanted[i].number = opcode(names, wanted[i].name);
		if (*wanted[i].number == UINT16_MAX)
			return false;
	}
	runtime->exit_function = peek_word(functions + leaving * sizeof(uintptr_t));
	return true;
}

/* A Perl of another shape (with checks of its own compiled in, another `long`) is of
 * another size. Without threads it does not matter: each variable is found by name. */
static bool find_variables(struct perl_runtime *runtime)
{
	uintptr_t size = symbol_address("PL_interp_size");
	uint16_t bytes;

	if (runtime->key == 0)
		return perl_layout_init_single(runtime->minor, &runtime->layout) == 0;
	return perl_layout_init(runtime->minor, &runtime->layout) == 0 &&
	       peek(size, &bytes, sizeof(bytes)) && bytes == runtime->layout.size;
}

/* "perl", "perl5.36.0" */
static bool is_perl_program(void)
{
	char path[LANGUAGE_PATH_MAX];
	int error = errno;
	ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - 1);

	errno = error;
	if (length < 0)
		return false;
	path[length] = 0;

	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;

	return strcmp(name, "perl") == 0 || strncmp(name, "perl5", 5) == 0;
}

static enum language_state find(void)
{
	struct perl_runtime runtime = { .first = symbol_address("PL_curinterp") };

	if (runtime.first == 0)
		return LANGUAGE_ABSENT;
	peek_set_guarded(true);
	runtime.key = symbol_address("PL_thr_key");
	runtime.minor = peek_byte(symbol_address("PL_version"));
	if (peek_byte(symbol_address("PL_revision")) != 5 || !find_variables(&runtime) ||
	    !find_opcodes(&runtime) ||
	    !symbol_code(symbol_address("perl_run"), &runtime.code))
		return LANGUAGE_UNSUPPORTED;
	is_perl_process = is_perl_program();
	perl_runtime = runtime;
	return LANGUAGE_READY;
}

static bool is_there(void)
{
	return symbol_address("PL_curinterp") == perl_runtime.first;
}

static uintptr_t place(void)
{
	return perl_runtime.first;
}

/* Of perl_runtime and is_perl_process. */
static struct attachment attachment = ATTACHMENT(find, is_there, place);

static enum language_state attach(void)
{
	return attachment_attach(&attachment);
}

/* This thread's interpreter; false when it has none. A host that is no perl leaves the
 * address of an interpreter that it freed where it was, so there it is looked at with
 * guarded reads each time; a perl frees its own at its very end. */
static bool find_interpreter(uintptr_t *ret)
{
	uintptr_t interpreter = 0;
	bool is_trusted = proof_is_done(&proof);

	if (!attachment_holds(&attachment))
		return false;
	peek_set_guarded(!is_trusted);
	if (peek_word(perl_runtime.first) == 0)
		return false;
	if (perl_runtime.key != 0) {
		pthread_key_t key = (pthread_key_t)peek_int(perl_runtime.key);

		interpreter = (uintptr_t)pthread_getspecific(key);
		if (interpreter == 0)
			return false;
	}
	peek_set_guarded(!is_trusted || !is_perl_process);
	is_trusted = is_trusted && perl_is_running(interpreter);
	peek_set_guarded(!is_trusted || !is_perl_process);
	if (!perl_is_alive(interpreter))
		return false;
	peek_set_guarded(!is_trusted);
	*ret = interpreter;
	return true;
}

static size_t walk(struct language_frame *frames, size_t max, bool *ret_is_truncated)
{
	uintptr_t interpreter;

	*ret_is_truncated = false;
	if (!find_interpreter(&interpreter))
		return 0;
	size_t count = perl_walk(interpreter, frames, max, ret_is_truncated);

	proof_begin(&proof, count);
	return count;
}

/* In a host that is no perl only guarded reads tell whether its interpreter is still there. */
static size_t mark(size_t max, uint64_t *mix, bool *ret_is_known)
{
	uintptr_t interpreter = 0;

	if (!attachment_stays(&attachment))
		return 0;
	*ret_is_known = mark_word(perl_runtime.first) == 0;
	if (*ret_is_known)
		return 0;
	if (perl_runtime.key != 0) {
		interpreter = (uintptr_t)pthread_getspecific(
			(pthread_key_t)mark_number(perl_runtime.key));
		*ret_is_known = interpreter == 0;
	}
	if (*ret_is_known || !proof_is_done(&proof) || !is_perl_process)
		return 0;
	return perl_mark(interpreter, max, mix, ret_is_known);
}

static int describe(const struct language_frame *frame, struct language_description *ret)
{
	int result = perl_describe(frame, ret);

	if (result == 0)
		proof_add(&proof);
	return result;
}

/* A sub's arguments are no fixed place: `shift` takes them. */
static int read_self(const struct language_frame *frame, struct language_self *ret)
{
	(void)frame;
	(void)ret;
	return -EFAULT;
}

/* A thread's own interpreter goes with the thread: that is no end of the program. */
static bool is_first(uintptr_t interpreter)
{
	return perl_runtime.key == 0 || peek_word(perl_runtime.first) == interpreter;
}

/* A host goes on when its Perl has ended, and calls subs when no program runs: there, the
 * end is while objects are destroyed for it. */
static bool is_ending(uintptr_t interpreter)
{
	if (is_perl_process)
		return perl_is_ending(interpreter) || perl_is_left(interpreter);
	return perl_is_ending(interpreter) && perl_has_destroy(interpreter);
}

static void read_moment(const struct language_frame *frames, size_t count,
			struct language_moment *ret)
{
	uintptr_t interpreter;

	(void)frames;
	(void)count;
	*ret = (struct language_moment){ 0 };
	if (!find_interpreter(&interpreter))
		return;
	/* Perl has no cyclic collector. */
	ret->is_collecting_known = true;
	if (!perl_is_destroying(interpreter))
		perl_called(peek_word(perl_variable(interpreter, PERL_OP)),
			    peek_word(perl_variable(interpreter, PERL_PAD)), ret->called,
			    sizeof(ret->called));
	ret->is_finalizing = is_first(interpreter) && is_ending(interpreter);
}

static bool is_evaluator(uintptr_t pc)
{
	return pc - perl_runtime.code.address < perl_runtime.code.size;
}

const struct language perl = {
	.id = LEDGER_PERL,
	.name = "Perl",
	.attach = attach,
	.walk = walk,
	.mark = mark,
	.describe = describe,
	.read_self = read_self,
	.read_moment = read_moment,
	.is_evaluator = is_evaluator,
	.is_block = true,
};
