#include "analyze/report.h"

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
	};

	return names[ending];
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
