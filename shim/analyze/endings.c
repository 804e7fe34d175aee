#include "analyze/endings.h"

#include <string.h>

#include "analyze/closers.h"
#include "analyze/code_place.h"
#include "analyze/languages.h"
#include "analyze/pattern.h"
#include "analyze/ruby_end.h"

static const struct code_place finalizers[] = {
#define FINALIZER(language, file, function) { language, file, function },
#include "analyze/finalizers.def"
#undef FINALIZER
};

static const struct code_place callers[] = {
#define CALLER(language, file, function) { language, file, function },
#include "analyze/callers.def"
#undef CALLER
};

static const struct {
	const char *library, *function;
} shutdowns[] = {
#define SHUTDOWN(library, function) { library, function },
#define SHUTDOWN_CODE(language, file, function)
#include "analyze/shutdowns.def"
#undef SHUTDOWN_CODE
#undef SHUTDOWN
};

static const struct code_place shutdown_code[] = {
#define SHUTDOWN(library, function)
#define SHUTDOWN_CODE(language, file, function) { language, file, function },
#include "analyze/shutdowns.def"
#undef SHUTDOWN_CODE
#undef SHUTDOWN
};

static bool is_native(const struct report_frame *frame)
{
	return strcmp(frame->language, language_name(LEDGER_NATIVE)) == 0;
}

static bool is_finalizer(const struct report_frame *frame)
{
	return code_place_find(finalizers, sizeof(finalizers) / sizeof(finalizers[0]), frame);
}

static bool is_caller(const struct report_frame *frame)
{
	return code_place_find(callers, sizeof(callers) / sizeof(callers[0]), frame);
}

/* Perl runs DESTROY for an object that goes, and in Lua the collector alone ends objects:
 * whatever else they call was asked for. */
static bool calls_on_demand(const struct report_frame *frame)
{
	return strcmp(frame->language, language_name(LEDGER_PERL)) == 0 ||
	       strcmp(frame->language, language_name(LEDGER_LUA)) == 0;
}

/* What it calls is not known; the driver that there is finishes when it is called only. */
static bool is_javascript(const struct report_frame *frame)
{
	return strcmp(frame->language, language_name(LEDGER_JAVASCRIPT)) == 0;
}

static bool is_cpython(const struct report_frame *frame)
{
	return is_native(frame) && strcmp(frame->library, "python") == 0;
}

static bool is_interpreter(const struct report_frame *frame)
{
	return is_native(frame) && language_of_interpreter(frame->library) != LEDGER_NATIVE;
}

static bool is_shutdown_code(const struct report_frame *frame)
{
	return code_place_find(shutdown_code, sizeof(shutdown_code) / sizeof(shutdown_code[0]),
			       frame);
}

static bool is_shutdown(const struct report_frame *frame)
{
	if (is_shutdown_code(frame))
		return true;
	for (size_t i = 0; i < sizeof(shutdowns) / sizeof(shutdowns[0]); i++)
		if (is_native(frame) && strcmp(frame->library, shutdowns[i].library) == 0 &&
		    strcmp(frame->function, shutdowns[i].function) == 0)
			return true;
	return false;
}

/* CPython's names for the end of an object of a C type, and Cython's. */
static bool is_deallocator(const struct report_frame *frame)
{
	return is_native(frame) && (text_ends_with(frame->function, "_dealloc") ||
				    text_ends_with(frame->function, "_Dealloc") ||
				    strstr(frame->function, "_tp_dealloc"));
}

static bool any_frame(const struct report_stack *stack,
		      bool (*is_wanted)(const struct report_frame *frame))
{
	for (size_t i = 0; i < stack->count; i++)
		if (is_wanted(&stack->frames[i]))
			return true;
	return false;
}

/* Static functions of a stripped module have no names, but ctypes calls foreign functions
 * for one reason only: somebody called them. */
static bool is_ctypes(const struct report_frame *frame)
{
	return strstr(frame->module, "/_ctypes.");
}

/* CPython's ways from its evaluation loop into a function of a C type. */
static bool is_call_machinery(const struct report_frame *frame)
{
	static const char *const names[] = { "cfunction_vectorcall_", "method_vectorcall_",
					     "cfunction_call" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strncmp(frame->function, names[i], strlen(names[i])) == 0)
			return true;
	return false;
}

/* The native frames between PQfinish and the innermost code of the language; without
 * language frames, the interpreter's evaluation loop is the limit. */
static size_t inner_count(const struct report_stack *stack)
{
	size_t count = 0;

	while (count < stack->count && is_native(&stack->frames[count]) &&
	       strncmp(stack->frames[count].function, "_PyEval_Eval", 12) != 0)
		count++;
	return count;
}

static bool ends_in_deallocator(const struct report_stack *stack)
{
	const struct report_stack inner = { stack->frames, inner_count(stack), false };

	return any_frame(&inner, is_deallocator);
}

/* The driver's function that called PQfinish was itself called, by whatever name. */
static bool ends_in_call(const struct report_stack *stack)
{
	size_t count = inner_count(stack);

	for (size_t i = 0; i < count; i++)
		if (is_cpython(&stack->frames[i]))
			return is_ctypes(&stack->frames[i]) ||
			       is_call_machinery(&stack->frames[i]);
	return false;
}

static const struct report_frame *innermost_of_language(const struct report_stack *stack)
{
	for (size_t i = 0; i < stack->count; i++)
		if (!is_native(&stack->frames[i]))
			return &stack->frames[i];
	return NULL;
}

/* By the code of the language, or its absence. */
static bool is_asked_for(const struct report_stack *stack, const char *called,
			 bool is_interpreter_known)
{
	const struct report_frame *innermost = innermost_of_language(stack);

	if (ends_in_call(stack))
		return true;
	if (innermost)
		return closer_is_name(called) || is_javascript(innermost) ||
		       (*called && (is_caller(innermost) || calls_on_demand(innermost)));
	/* An interpreter that runs no code of the program lets go of objects only. */
	return !(is_interpreter_known && any_frame(stack, is_interpreter));
}

/* CPython's exported way from its evaluation loop into a function of C. */
static bool is_vectorcall(const struct report_frame *frame)
{
	return is_cpython(frame) && strstr(frame->function, "PyObject_Vectorcall");
}

/* Is there nothing of CPython but this way? Where it is stripped, the last frame of it has no
 * name; a collector's way has more of them. */
static bool is_only_call(const struct report_stack *inner)
{
	for (size_t i = 0; i < inner->count; i++) {
		const struct report_frame *frame = &inner->frames[i];

		if (is_cpython(frame) && !is_vectorcall(frame) &&
		    (*frame->function || i + 1 == inner->count || !is_vectorcall(frame + 1)))
			return false;
	}
	return true;
}

/* The Python code right above the driver calls it: no collector is in between. */
static bool ends_in_closer(const struct report_stack *stack, const char *called)
{
	const struct report_stack inner = { stack->frames, inner_count(stack), false };
	const struct report_frame *innermost = innermost_of_language(stack);

	return innermost && strcmp(innermost->language, language_name(LEDGER_PYTHON)) == 0 &&
	       closer_is_name(called) && is_only_call(&inner);
}

/* A finaliser gives the interpreter's lock away: what another thread calls meanwhile is called. */
static bool is_beside_collector(const struct report_stack *stack, const char *called)
{
	return (ends_in_call(stack) || ends_in_closer(stack, called)) &&
	       !any_frame(stack, is_finalizer);
}

enum ending ending_of_finished(unsigned evidence, const struct report_stack *stack,
			       const char *called, bool is_interpreter_known)
{
	if (evidence & LEDGER_INHERITED)
		return ENDING_CHILD_FINISH;
	/* A driver gives up what did not connect, in its own time: that is clean. */
	if (evidence & LEDGER_WAS_FAILED)
		return ENDING_CLOSED;
	if (evidence & (LEDGER_FINALIZING | LEDGER_EXITING) || any_frame(stack, is_shutdown) ||
	    ruby_end_of(stack) != RUBY_END_NONE)
		return ENDING_SHUTDOWN;
	if (evidence & LEDGER_COLLECTING && !is_beside_collector(stack, called))
		return ENDING_COLLECTED;
	if (closer_is_release(called))
		return ENDING_CLOSED;
	if (any_frame(stack, is_finalizer) || ends_in_deallocator(stack))
		return ENDING_COLLECTED;
	return is_asked_for(stack, called, is_interpreter_known) ? ENDING_CLOSED
								 : ENDING_COLLECTED;
}

bool ending_is_asked_for_at_end(unsigned evidence, const struct report_stack *stack,
				const char *called, const struct report_stack *opened)
{
	if (evidence & (LEDGER_FINALIZING | LEDGER_EXITING | LEDGER_COLLECTING))
		return false;
	/* Opened there, too, and no object went of itself. */
	return ruby_end_of(opened) == RUBY_END_BLOCK && ruby_end_of(stack) == RUBY_END_BLOCK &&
	       !any_frame(stack, is_finalizer) && is_asked_for(stack, called, true);
}

bool ending_has_finalizer(const struct report_stack *stack)
{
	return any_frame(stack, is_finalizer);
}

bool ending_has_shutdown_code(const struct report_stack *stack)
{
	return any_frame(stack, is_shutdown_code);
}

enum ending ending_of_unfinished(unsigned state, const char *ended)
{
	if (state == LEDGER_FAILED)
		return ENDING_FAILED_UNFINISHED;
	if (state == LEDGER_CLOSED_UNSEEN)
		return ENDING_CLOSED_UNSEEN;
	return strcmp(ended, "exit") == 0 || strcmp(ended, "running") == 0 ? ENDING_OPEN
									   : ENDING_ABANDONED;
}

bool ending_in_transaction(unsigned transaction, uint32_t begun_stack)
{
	return transaction == LEDGER_TRANSACTION_INTRANS ||
	       transaction == LEDGER_TRANSACTION_INERROR ||
	       (transaction == LEDGER_TRANSACTION_ACTIVE && begun_stack);
}

const char *transaction_name(unsigned transaction)
{
	switch (transaction) {
	case LEDGER_TRANSACTION_IDLE:
		return "idle";
	case LEDGER_TRANSACTION_ACTIVE:
		return "active";
	case LEDGER_TRANSACTION_INTRANS:
		return "intrans";
	case LEDGER_TRANSACTION_INERROR:
		return "inerror";
	default:
		return "unknown";
	}
}
