#include "analyze/verdicts.h"

#include <string.h>

#include "analyze/growth.h"
#include "analyze/habits.h"
#include "analyze/user_line.h"

static const char *const keepers[] = {
#define KEEPER(library) library,
#include "analyze/keepers.def"
#undef KEEPER
};

/* Those that connected, and that the program itself closed. */
static uint64_t closed_by_program(const struct site_share *share)
{
	uint64_t closed = share->endings[ENDING_CLOSED];

	return closed > share->failed_finished ? closed - share->failed_finished : 0;
}

static bool is_growing(const struct site_share *share)
{
	uint64_t gone = share->failed + share->endings[ENDING_CLOSED_UNSEEN];

	return share->opened >= gone + GROWTH_MIN && closed_by_program(share) == 0;
}

/* Workers of one program are alike: each one's own pool is no growth. */
static bool any_share(const struct site *site, bool (*is_wanted)(const struct site_share *share))
{
	for (size_t i = 0; i < site->shares.count; i++)
		if (is_wanted(((struct site_share **)site->shares.items)[i]))
			return true;
	return false;
}

static bool is_pool_growth(const struct site_share *share)
{
	return is_growing(share) && share->pools_a_target >= GROWTH_MIN;
}

/* Each request of a server ends what it opened: its few are no growth, however many
 * requests there were. */
static bool is_few_a_request(const struct site_share *share)
{
	return share->site->report.shutdown_how[HOW_REQUEST] &&
	       (share->peak_sum < GROWTH_MIN || share->process->report.peak_open < GROWTH_MIN);
}

static bool is_plain_growth(const struct site_share *share)
{
	/* What the program's exit handler closes is kept on purpose. */
	uint64_t at_shutdown = share->endings[ENDING_SHUTDOWN] - share->own_handler;

	/* A pool's idle connections are no growth, also where the pool is out of sight. */
	return is_growing(share) && !*share->site->report.pool_library &&
	       at_shutdown >= GROWTH_MIN && !is_few_a_request(share);
}

bool verdict_is_pool_growth(const struct site *site)
{
	return any_share(site, is_pool_growth);
}

bool verdict_is_plain_growth(const struct site *site)
{
	return any_share(site, is_plain_growth);
}

bool verdict_is_rising(const struct site *site)
{
	return any_share(site, growth_is_leak);
}

uint64_t verdict_closed(const struct site *site)
{
	uint64_t closed = site->report.endings[ENDING_CLOSED];

	return closed > site->failed_finished ? closed - site->failed_finished : 0;
}

/* Open until the process ended, as the library that opened them means it. PHP's persistent
 * ones are for as long as there are requests: a process manager ends them with a signal. */
static uint64_t kept_by_design(const struct site *site)
{
	if (strcmp(site->report.pool_library, "php") == 0)
		return site->report.endings[ENDING_OPEN] - site->open_now +
		       site->report.endings[ENDING_ABANDONED];
	for (size_t i = 0; i < sizeof(keepers) / sizeof(keepers[0]); i++)
		if (user_line_is_above(&site->report.opened_stack, keepers[i]))
			return site->report.endings[ENDING_OPEN] - site->open_now;
	return 0;
}

/* What processes opened more and more of, and did not leave open at their end. */
static uint64_t risen(const struct site *site)
{
	uint64_t count = 0;

	for (size_t i = 0; i < site->shares.count; i++) {
		const struct site_share *share = ((struct site_share **)site->shares.items)[i];

		if (growth_is_leak(share))
			count += share->endings[ENDING_SHUTDOWN] +
				 (share->process->is_running ? share->endings[ENDING_OPEN] : 0);
	}
	return count;
}

uint64_t verdict_left_open(const struct site *site)
{
	const uint64_t *endings = site->report.endings;

	return endings[ENDING_OPEN] - site->open_now - kept_by_design(site) +
	       endings[ENDING_ABANDONED];
}

/* What a pool keeps may have been opened by threads that are over. */
static uint64_t left_by_threads(const struct site *site)
{
	return *site->report.pool_library ? 0 : site->left_by_threads;
}

static bool is_leak(const struct site *site)
{
	return verdict_left_open(site) > 0 || verdict_is_pool_growth(site) ||
	       verdict_is_plain_growth(site) || verdict_is_rising(site) ||
	       left_by_threads(site) > 0;
}

/* Those that ended, or most of those that stand. */
static bool is_stuck(const struct site *site)
{
	return (site->stuck && site->stuck * 2 >= site->not_closed) ||
	       (site->left_in_transaction >= HABIT_MIN &&
		site->left_in_transaction * 2 >= site->open_now);
}

static bool is_failed(const struct site *site)
{
	uint64_t failed = site->report.endings[ENDING_FAILED_UNFINISHED];

	if (!failed)
		return false;
	return !is_leak(site) || failed >= verdict_connections(site, VERDICT_LEAK);
}

enum verdict verdict_of_site(const struct site *site)
{
	const uint64_t *endings = site->report.endings;

	if (site->report.overdue_transaction)
		return VERDICT_STUCK;
	if (is_failed(site))
		return VERDICT_FAILED;
	if (is_stuck(site))
		return VERDICT_STUCK;
	if (is_leak(site))
		return VERDICT_LEAK;
	if (endings[ENDING_COLLECTED])
		return VERDICT_DROPPED;
	if (endings[ENDING_SHUTDOWN] || endings[ENDING_CLOSED_UNSEEN] || site->open_now ||
	    kept_by_design(site))
		return VERDICT_HELD;
	return VERDICT_OK;
}

uint64_t verdict_connections(const struct site *site, enum verdict verdict)
{
	const uint64_t *endings = site->report.endings;

	switch (verdict) {
	case VERDICT_LEAK:
		if (verdict_is_pool_growth(site) || verdict_is_plain_growth(site))
			return endings[ENDING_COLLECTED] + endings[ENDING_SHUTDOWN] +
			       endings[ENDING_OPEN] + endings[ENDING_ABANDONED];
		if (verdict_is_rising(site))
			return verdict_left_open(site) + risen(site);
		return verdict_left_open(site) + left_by_threads(site);
	case VERDICT_STUCK:
		return site->stuck + site->left_in_transaction;
	case VERDICT_FAILED:
		return endings[ENDING_FAILED_UNFINISHED];
	case VERDICT_DROPPED:
		return endings[ENDING_COLLECTED];
	case VERDICT_HELD:
		return endings[ENDING_SHUTDOWN] + endings[ENDING_CLOSED_UNSEEN] + site->open_now +
		       kept_by_design(site);
	default:
		return site->report.count;
	}
}
