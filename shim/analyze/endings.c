#include "analyze/endings.h"

#include <string.h>

#include "analyze/stacks.h"

static const char *const closers[] = {
#define CLOSER(name) name,
#include "analyze/closers.def"
#undef CLOSER
};

static const struct {
	enum ledger_language language;
	const char *file, *function;
} finalizers[] = {
#define FINALIZER(language, file, function) { language, file, function },
#include "analyze/finalizers.def"
#undef FINALIZER
};

static const struct {
	const char *library, *function;
} shutdowns[] = {
#define SHUTDOWN(library, function) { library, function },
#include "analyze/shutdowns.def"
#undef SHUTDOWN
};

static bool is_native(const struct report_frame *frame)
{
	return strcmp(frame->language, language_name(LEDGER_NATIVE)) == 0;
}

static bool has_language_frames(const struct report_stack *stack)
{
	for (size_t i = 0; i < stack->count; i++)
		if (!is_native(&stack->frames[i]))
			return true;
	return false;
}

static bool ends_with(const char *text, const char *end)
{
	size_t length = strlen(text), end_length = strlen(end);

	return length >= end_length && strcmp(text + length - end_length, end) == 0;
}

/* "_ConnectionRecord.checkout.<locals>.<lambda>" is "<lambda>": interpreters before
 * 3.11 have the last part only. */
static const char *bare_name(const char *function)
{
	const char *dot = strrchr(function, '.');

	return dot ? dot + 1 : function;
}

static bool is_finalizer(const struct report_frame *frame)
{
	for (size_t i = 0; i < sizeof(finalizers) / sizeof(finalizers[0]); i++)
		if (strcmp(frame->language, language_name(finalizers[i].language)) == 0 &&
		    ends_with(frame->file, finalizers[i].file) &&
		    strcmp(bare_name(frame->function), finalizers[i].function) == 0)
			return true;
	return false;
}

static bool is_shutdown(const struct report_frame *frame)
{
	for (size_t i = 0; i < sizeof(shutdowns) / sizeof(shutdowns[0]); i++)
		if (is_native(frame) && strcmp(frame->library, shutdowns[i].library) == 0 &&
		    strcmp(frame->function, shutdowns[i].function) == 0)
			return true;
	return false;
}

/* CPython's names for the end of an object of a C type, and Cython's. */
static bool is_deallocator(const struct report_frame *frame)
{
	return is_native(frame) && (ends_with(frame->function, "_dealloc") ||
				    ends_with(frame->function, "_Dealloc") ||
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

/* Between PQfinish and the innermost code of the language, so far as it has symbols.
 * Without language frames, the interpreter's evaluation loop is the limit. */
static bool ends_in_deallocator(const struct report_stack *stack)
{
	for (size_t i = 0; i < stack->count; i++) {
		const struct report_frame *frame = &stack->frames[i];

		if (!is_native(frame) || strncmp(frame->function, "_PyEval_Eval", 12) == 0)
			return false;
		if (is_deallocator(frame))
			return true;
	}
	return false;
}

static bool is_closer(const char *called)
{
	for (size_t i = 0; i < sizeof(closers) / sizeof(closers[0]); i++)
		if (strcmp(called, closers[i]) == 0)
			return true;
	return false;
}

enum ending ending_of_finished(unsigned evidence, const struct report_stack *stack,
			       const char *called)
{
	if (evidence & LEDGER_INHERITED)
		return ENDING_CHILD_FINISH;
	/* A driver gives up what did not connect, in its own time: that is clean. */
	if (evidence & LEDGER_WAS_FAILED)
		return ENDING_CLOSED;
	if (evidence & (LEDGER_FINALIZING | LEDGER_EXITING) || any_frame(stack, is_shutdown))
		return ENDING_SHUTDOWN;
	if (evidence & LEDGER_COLLECTING || any_frame(stack, is_finalizer) ||
	    ends_in_deallocator(stack))
		return ENDING_COLLECTED;
	/* Language code that calls nothing of that name let go of the last reference. */
	return is_closer(called) || !has_language_frames(stack) ? ENDING_CLOSED
								: ENDING_COLLECTED;
}

enum ending ending_of_unfinished(unsigned state, const char *ended)
{
	if (state == LEDGER_FAILED)
		return ENDING_FAILED_UNFINISHED;
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
