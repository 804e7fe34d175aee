#include "analyze/diagnosis.h"

#include <string.h>

#include "analyze/habits.h"
#include "analyze/languages.h"
#include "analyze/user_line.h"
#include "analyze/verdicts.h"
#include "analyze/words.h"

static const struct site_connection *connection_at(const struct site *site, size_t index)
{
	return (const struct site_connection *)site->connections.items + index;
}

static bool cause_is_always(const struct site *site)
{
	(void)site;
	return true;
}

static bool cause_is_pool_growth(const struct site *site)
{
	return verdict_is_pool_growth(site);
}

static bool cause_is_pool_for_each(const struct site *site)
{
	return verdict_is_pool_growth(site) && site->report.pools == site->report.count;
}

/* Were most of the abandoned ones left by processes that ended so? */
static bool is_ended_by(const struct site *site, const char *ended)
{
	uint64_t abandoned = 0;

	for (size_t i = 0; i < site->shares.count; i++) {
		const struct site_share *share = ((struct site_share **)site->shares.items)[i];

		if (strcmp(share->process->report.ended, ended) == 0)
			abandoned += share->endings[ENDING_ABANDONED];
	}
	return abandoned && abandoned * 2 >= verdict_connections(site, VERDICT_LEAK);
}

static bool cause_is_ended_by_exec(const struct site *site)
{
	return is_ended_by(site, "exec");
}

static bool cause_is_ended_by_underscore_exit(const struct site *site)
{
	return is_ended_by(site, "_exit");
}

static bool cause_is_ended_by_signal(const struct site *site)
{
	return is_ended_by(site, "signal");
}

static bool cause_is_ended_by_kill(const struct site *site)
{
	return is_ended_by(site, "killed");
}

static bool has_language_frames(const struct site *site)
{
	const struct report_stack *stack = &site->report.opened_stack;

	for (size_t i = 0; i < stack->count; i++)
		if (strcmp(stack->frames[i].language, language_name(LEDGER_NATIVE)) != 0)
			return true;
	return false;
}

static bool cause_is_left_open(const struct site *site)
{
	return site->report.endings[ENDING_OPEN] + site->report.endings[ENDING_ABANDONED] > 0;
}

static bool cause_is_native(const struct site *site)
{
	return cause_is_left_open(site) && !has_language_frames(site);
}

static bool cause_is_native_rust(const struct site *site)
{
	const char *ending = strrchr(site->report.user_line.file, '.');

	return cause_is_native(site) && ending && strcmp(ending, ".rs") == 0;
}

static bool cause_is_pooled(const struct site *site)
{
	return *site->report.pool_library;
}

static bool cause_is_pooled_out_of_sight(const struct site *site)
{
	return cause_is_pooled(site) && site->report.pools == 0;
}

static bool cause_is_collected_only(const struct site *site)
{
	return site->report.endings[ENDING_COLLECTED] == site->not_closed;
}

static bool cause_is_partly_closed(const struct site *site)
{
	return verdict_closed(site) > 0;
}

static bool cause_is_partly_closed_pooled(const struct site *site)
{
	return cause_is_partly_closed(site) && cause_is_pooled(site);
}

static bool cause_is_sqlstate(const struct site *site)
{
	for (size_t i = 0; i < site->connections.count; i++)
		if (*connection_at(site, i)->report.sqlstate)
			return true;
	return false;
}

static bool cause_is_one_of_pools(const struct site *site)
{
	return site->report.pools > 0 && site->target_pools >= 2;
}

static bool cause_is_one_for_each_of_pools(const struct site *site)
{
	return cause_is_one_of_pools(site) && site->target_kept == site->target_pools;
}

static bool cause_is_closed_unseen(const struct site *site)
{
	return site->report.endings[ENDING_CLOSED_UNSEEN] > 0;
}

/* Open in a process that runs, and not known to be idle in its pool. */
static bool cause_is_lent_now(const struct site *site)
{
	for (size_t i = 0; i < site->connections.count; i++) {
		const struct site_connection *connection = connection_at(site, i);

		if (connection->process->is_running && connection->is_kept &&
		    (connection->report.pool_state == POOL_STATE_CHECKED_OUT ||
		     connection->report.pool_state == POOL_STATE_UNKNOWN))
			return true;
	}
	return false;
}

static bool cause_is_thread_each(const struct site *site)
{
	return !cause_is_pooled(site) && habit_is_thread_each(site);
}

static bool cause_is_native_thread_each(const struct site *site)
{
	return !has_language_frames(site) && cause_is_thread_each(site);
}

static bool cause_is_reconnecting(const struct site *site)
{
	return !cause_is_pooled(site) && habit_is_reconnecting(site);
}

static bool cause_is_listening(const struct site *site)
{
	return cause_is_reconnecting(site) && habit_is_listening(site);
}

static bool cause_is_native_listening(const struct site *site)
{
	return !has_language_frames(site) && cause_is_listening(site);
}

static bool cause_is_with_block(const struct site *site)
{
	return habit_is_with_block(site);
}

static bool cause_is_pooled_one_kept(const struct site *site)
{
	return cause_is_pooled(site) && habit_is_one_kept(site);
}

static bool cause_is_partly_closed_native(const struct site *site)
{
	return cause_is_native(site) && cause_is_partly_closed(site);
}

static bool cause_is_partly_closed_collected(const struct site *site)
{
	return cause_is_partly_closed(site) && cause_is_collected_only(site);
}

static bool cause_is_worker_pools(const struct site *site)
{
	return site->workers >= 2 && site->worker_kept >= 2 * site->workers;
}

static bool cause_is_lent_in_transaction_now(const struct site *site)
{
	return cause_is_lent_now(site) && site->report.in_transaction;
}

static bool cause_is_reconnecting_now(const struct site *site)
{
	return site->open_now && cause_is_reconnecting(site);
}

static bool cause_is_listening_now(const struct site *site)
{
	return site->open_now && cause_is_listening(site);
}

static bool cause_is_open_now(const struct site *site)
{
	return site->open_now > 0;
}

/* That it rises is all that speaks against it. */
static bool cause_is_rising(const struct site *site)
{
	return verdict_is_rising(site) && !verdict_is_pool_growth(site) &&
	       !verdict_is_plain_growth(site) &&
	       verdict_left_open(site) == 0;
}

static bool cause_is_rising_native(const struct site *site)
{
	return cause_is_rising(site) && !has_language_frames(site);
}

static const struct cause {
	enum verdict verdict;
	bool (*is_cause)(const struct site *site);
	const char *library, *text, *cure;
} causes[] = {
#define CAUSE(verdict, condition, library, text, cure) \
	{ VERDICT_##verdict, cause_is_##condition, library, text, cure },
#include "analyze/causes.def"
#undef CAUSE
};

static bool is_of_library(const struct cause *cause, const struct site *site)
{
	return !*cause->library || strcmp(cause->library, site->report.pool_library) == 0 ||
	       strcmp(cause->library, site->report.user_line.language) == 0 ||
	       user_line_is_above(&site->report.opened_stack, cause->library);
}

void diagnosis_add(struct arena *arena, struct site *site)
{
	site->report.diagnosis = site->report.cure = "";
	for (size_t i = 0; i < sizeof(causes) / sizeof(causes[0]); i++) {
		if (causes[i].verdict != site->report.verdict || !causes[i].is_cause(site) ||
		    !is_of_library(&causes[i], site))
			continue;
		site->report.diagnosis = words_expand(arena, causes[i].text, site);
		site->report.cure = words_expand(arena, causes[i].cure, site);
		return;
	}
}
