#include "analyze/ruby_end.h"

#include <stddef.h>
#include <string.h>

#include "analyze/languages.h"
#include "ledger/layout.h"

static bool is_native(const struct report_frame *frame)
{
	return strcmp(frame->language, language_name(LEDGER_NATIVE)) == 0 &&
	       strcmp(frame->library, language_name(LEDGER_RUBY)) == 0;
}

static bool is_code(const struct report_frame *frame)
{
	return strcmp(frame->language, language_name(LEDGER_RUBY)) == 0;
}

static bool has_native(const struct report_stack *stack, const char *function)
{
	for (size_t i = 0; i < stack->count; i++)
		if (is_native(&stack->frames[i]) &&
		    strcmp(stack->frames[i].function, function) == 0)
			return true;
	return false;
}

static const struct report_frame *outermost_code(const struct report_stack *stack)
{
	for (size_t i = stack->count; i > 0; i--)
		if (is_code(&stack->frames[i - 1]))
			return &stack->frames[i - 1];
	return NULL;
}

bool ruby_is_in(const struct report_stack *stack)
{
	for (size_t i = 0; i < stack->count; i++)
		if (is_native(&stack->frames[i]))
			return true;
	return false;
}

enum ruby_end ruby_end_of(const struct report_stack *stack)
{
	const struct report_frame *outermost = outermost_code(stack);

	/* A child's block is over: the frames of its fork are still there. */
	if (has_native(stack, "ruby_stop"))
		return RUBY_END_OBJECTS;
	if (has_native(stack, "ruby_cleanup") || has_native(stack, "ruby_finalize"))
		return outermost ? RUBY_END_BLOCK : RUBY_END_OBJECTS;
	/* It runs the program, <main>, and then its end. A fiber's or a thread's stack has
	 * none of it. */
	if (!has_native(stack, "ruby_run_node") || stack->is_truncated)
		return RUBY_END_NONE;
	if (!outermost)
		return RUBY_END_OBJECTS;
	return strcmp(outermost->function, "<main>") == 0 ? RUBY_END_NONE : RUBY_END_BLOCK;
}
