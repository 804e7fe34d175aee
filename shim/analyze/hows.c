#include "analyze/hows.h"

#include <string.h>

#include "analyze/endings.h"
#include "analyze/languages.h"
#include "analyze/ruby_end.h"
#include "ledger/layout.h"

static bool is_native(const struct report_frame *frame)
{
	return strcmp(frame->language, language_name(LEDGER_NATIVE)) == 0;
}

static bool is_one_of(const char *text, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(text, names[i]) == 0)
			return true;
	return false;
}

static bool is_of(const struct report_frame *frame, const char *library)
{
	return is_native(frame) && strcmp(frame->library, library) == 0;
}

static bool is_finalize(const struct report_frame *frame)
{
	static const char *const names[] = { "Py_Finalize", "Py_FinalizeEx", "_Py_Finalize" };

	return is_of(frame, "python") && is_one_of(frame->function, names, 3);
}

/* These are exported. */
static bool is_script_end(const struct report_frame *frame)
{
	return (is_of(frame, "lua") && strcmp(frame->function, "lua_close") == 0) ||
	       (is_of(frame, "tcl") && (strcmp(frame->function, "Tcl_Exit") == 0 ||
					strcmp(frame->function, "Tcl_Finalize") == 0));
}

static bool is_php_code(const struct report_frame *frame)
{
	return strcmp(frame->language, language_name(LEDGER_PHP)) == 0;
}

static bool is_php(const struct report_frame *frame)
{
	return is_php_code(frame) || is_of(frame, "php");
}

static bool is_request_shutdown(const struct report_frame *frame)
{
	return is_of(frame, "php") && strcmp(frame->function, "php_request_shutdown") == 0;
}

/* The end of PHP's process, when the connections go that outlive a request. */
static bool is_module_shutdown(const struct report_frame *frame)
{
	return is_of(frame, "php") && strcmp(frame->function, "php_module_shutdown") == 0;
}

/* Each has an exported name, so that also a stripped Perl shows them. */
static bool is_perl_exit(const struct report_frame *frame)
{
	static const char *const names[] = { "Perl_pp_exit", "Perl_my_exit",
					     "Perl_my_failure_exit", "perl_destruct" };

	return is_of(frame, "perl") && is_one_of(frame->function, names, 4);
}

static bool is_python_atexit(const struct report_frame *frame)
{
	static const char *const names[] = { "atexit_callfuncs", "_PyAtExit_Call" };

	return !is_native(frame) ||
	       (is_of(frame, "python") && is_one_of(frame->function, names, 2));
}

/* What unloads an object, at the end or by dlclose. The names of ld.so's own functions
 * are in its debug file only: its being there is enough. */
static bool is_unload(const struct report_frame *frame)
{
	static const char *const names[] = { "__cxa_finalize", "_dl_fini", "_dl_call_fini" };

	return is_native(frame) && (strstr(frame->module, "/ld-linux") ||
				    (is_of(frame, "libc") && is_one_of(frame->function, names, 3)));
}

static bool is_exit(const struct report_frame *frame)
{
	static const char *const names[] = { "exit", "__GI_exit", "quick_exit",
					     "__run_exit_handlers", "__cxa_at_quick_exit" };

	return is_of(frame, "libc") && is_one_of(frame->function, names, 5);
}

/* ~Connection, _ZN10ConnectionD1Ev, or what the compiler makes to destroy a static array. */
static bool is_destructor(const struct report_frame *frame)
{
	const char *name = frame->function;
	size_t length = strlen(name);

	if (!is_native(frame))
		return false;
	if (strncmp(name, "_ZN", 3) == 0)
		return length > 7 && name[length - 4] == 'D' && strchr("012", name[length - 3]) &&
		       strcmp(name + length - 2, "Ev") == 0;
	return strchr(name, '~') || strncmp(name, "__tcf_", 6) == 0 ||
	       strcmp(name, "__cxx_global_array_dtor") == 0;
}

static bool is_collection(const struct report_frame *frame)
{
	return is_of(frame, "python") && (strncmp(frame->function, "gc_collect", 10) == 0 ||
					  strcmp(frame->function, "delete_garbage") == 0);
}

static bool any_frame(const struct report_stack *stack, size_t count,
		      bool (*is_wanted)(const struct report_frame *frame))
{
	for (size_t i = 0; i < count; i++)
		if (is_wanted(&stack->frames[i]))
			return true;
	return false;
}

static enum how how_of_collected(unsigned evidence, const struct report_stack *stack)
{
	if (evidence & LEDGER_COLLECTING)
		return HOW_COLLECTOR;
	if (ending_has_finalizer(stack))
		return HOW_FINALISER;
	if (ruby_is_in(stack))
		return HOW_COLLECTOR;
	if (evidence & LEDGER_COLLECTING_KNOWN)
		return HOW_REFERENCE;
	return any_frame(stack, stack->count, is_collection) ? HOW_COLLECTOR : HOW_COLLECTION;
}

/* Python's own exit functions run before it says that it is finalising. */
static enum how how_of_finalize(unsigned evidence, const struct report_stack *stack, size_t inside,
				bool is_interpreter_known)
{
	if (evidence & LEDGER_FINALIZING)
		return HOW_INTERPRETER;
	if (is_interpreter_known || any_frame(stack, inside, is_python_atexit))
		return HOW_EXIT_HANDLER;
	return HOW_INTERPRETER;
}

/* The script's own shutdown functions run in it, too. */
static enum how how_of_request(const struct report_stack *stack, size_t inside)
{
	return any_frame(stack, inside, is_php_code) && !ending_has_finalizer(stack)
		       ? HOW_EXIT_HANDLER
		       : HOW_REQUEST;
}

/* A program's static objects are destroyed by exit handlers, too: what the handler is
 * called tells. The innermost machinery of an end is the one that closed it. */
static enum how how_of_shutdown(unsigned evidence, const struct report_stack *stack,
				bool is_interpreter_known)
{
	const struct report_frame *handler = NULL;

	if (ending_has_shutdown_code(stack) || ruby_end_of(stack) == RUBY_END_BLOCK)
		return HOW_EXIT_HANDLER;
	if (ruby_end_of(stack) == RUBY_END_OBJECTS)
		return HOW_INTERPRETER;
	for (size_t i = 0; i < stack->count; i++) {
		const struct report_frame *frame = &stack->frames[i];

		if (is_finalize(frame))
			return how_of_finalize(evidence, stack, i, is_interpreter_known);
		if (is_request_shutdown(frame))
			return how_of_request(stack, i);
		if (is_module_shutdown(frame) || is_perl_exit(frame) || is_script_end(frame))
			return HOW_INTERPRETER;
		if (is_unload(frame))
			return HOW_STATIC_DESTRUCTOR;
		if (is_exit(frame))
			return handler && is_destructor(handler) ? HOW_STATIC_DESTRUCTOR
								 : HOW_EXIT_HANDLER;
		if (!is_of(frame, "libc"))
			handler = frame;
	}
	/* PHP's exit() takes the frames apart before it ends the request. */
	if (evidence & LEDGER_FINALIZING)
		return any_frame(stack, stack->count, is_php) ? HOW_REQUEST : HOW_INTERPRETER;
	/* EXITING is set by a destructor of ours, after all exit handlers of the program. */
	return evidence & LEDGER_EXITING ? HOW_STATIC_DESTRUCTOR : HOW_EXIT_HANDLER;
}

/* Not where main() ends a library's object, whose routines are no handlers of exit's (Qt's).
 * Without a name it may be the destructor of a static object, from which libpq is some calls
 * away. */
bool how_is_own_handler(enum how how, const struct report_stack *stack)
{
	size_t count = how == HOW_EXIT_HANDLER ? stack->count : 0;
	const struct report_frame *user = NULL;

	for (size_t i = 0; i < count && !is_exit(&stack->frames[i]); i++) {
		if (!user && stack->frames[i].is_user)
			user = &stack->frames[i];
	}
	if (!user || !is_native(user))
		return user;
	return any_frame(stack, count, is_exit) &&
	       (*user->function || (user > stack->frames && is_of(user - 1, "libpq")));
}

enum how how_of_finished(enum ending ending, unsigned evidence, const struct report_stack *stack,
			 bool is_interpreter_known)
{
	switch (ending) {
	case ENDING_COLLECTED:
		return how_of_collected(evidence, stack);
	case ENDING_SHUTDOWN:
		return how_of_shutdown(evidence, stack, is_interpreter_known);
	case ENDING_CHILD_FINISH:
		return HOW_CHILD;
	default:
		return evidence & LEDGER_WAS_FAILED ? HOW_FAILED_CONNECT : HOW_CALL;
	}
}
