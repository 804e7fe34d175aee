#include "analyze/report.h"

#include <string.h>

#include "analyze/languages.h"

const char *verdict_name(enum verdict verdict)
{
	static const char *const names[VERDICT_COUNT] = {
		[VERDICT_LEAK] = "leak",       [VERDICT_STUCK] = "stuck",
		[VERDICT_FAILED] = "failed",   [VERDICT_MISUSE] = "misuse",
		[VERDICT_DROPPED] = "dropped", [VERDICT_HELD] = "held",
		[VERDICT_OK] = "ok",
	};

	return names[verdict];
}

const char *ending_name(enum ending ending)
{
	static const char *const names[ENDING_COUNT] = {
		[ENDING_CLOSED] = "closed",       [ENDING_COLLECTED] = "collected",
		[ENDING_SHUTDOWN] = "shutdown",   [ENDING_OPEN] = "open",
		[ENDING_ABANDONED] = "abandoned", [ENDING_FAILED_UNFINISHED] = "failed_unfinished",
		[ENDING_CHILD_FINISH] = "child_finish",
		[ENDING_CLOSED_UNSEEN] = "closed_unseen",
	};

	return names[ending];
}

const char *pool_state_name(enum pool_state state)
{
	static const char *const names[] = {
		[POOL_STATE_NONE] = NULL,
		[POOL_STATE_UNKNOWN] = "unknown",
		[POOL_STATE_IDLE] = "idle",
		[POOL_STATE_CHECKED_OUT] = "checked out",
	};

	return names[state];
}

const char *trend_name(enum trend trend)
{
	static const char *const names[] = {
		[TREND_UNKNOWN] = "unknown",
		[TREND_LEVEL] = "level",
		[TREND_COMES_AND_GOES] = "comes and goes",
		[TREND_RISES] = "rises",
	};

	return names[trend];
}

static const struct {
	const char *name, *words;
} hows[] = {
#define HOW(name, json_name, words) { json_name, words },
#include "analyze/hows.def"
#undef HOW
};

const char *how_name(enum how how)
{
	return hows[how].name;
}

const char *how_words(enum how how)
{
	return hows[how].words;
}

enum ledger_language report_stack_caller(const struct report_stack *stack,
					 const char **ret_library)
{
	enum ledger_language caller = LEDGER_NATIVE;
	const char *library = "";

	for (size_t i = 0; i < stack->count; i++) {
		const struct report_frame *frame = &stack->frames[i];

		if (frame->is_user || strcmp(frame->language, language_name(LEDGER_NATIVE)) != 0)
			return LEDGER_NATIVE;
		if (!caller)
			caller = language_of_interpreter(frame->library);
		if (!caller && strcmp(frame->library, "libpq") != 0)
			library = frame->library;
	}
	*ret_library = library;
	return caller;
}
