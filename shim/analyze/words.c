#include "analyze/words.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "analyze/sqlstate.h"
#include "analyze/user_line.h"
#include "analyze/verdicts.h"

enum { WORD_MAX = 256 };

static const struct site_connection *connection_at(const struct site *site, size_t index)
{
	return (const struct site_connection *)site->connections.items + index;
}

static void number_word(char *word, uint64_t number)
{
	snprintf(word, WORD_MAX, "%" PRIu64, number);
}

static void connections_word(char *word, const struct site *site)
{
	snprintf(word, WORD_MAX, "%" PRIu64 " connection%s", site->report.at_fault,
		 site->report.at_fault == 1 ? "" : "s");
}

static void count_word(char *word, const struct site *site)
{
	number_word(word, site->report.count);
}

static void pools_word(char *word, const struct site *site)
{
	number_word(word, site->report.pools);
}

static void growth_word(char *word, const struct site *site)
{
	snprintf(word, WORD_MAX, "%s", site->report.growth);
}

static void left_behind_word(char *word, const struct site *site)
{
	number_word(word, site->left_behind);
}

static void left_word(char *word, const struct site *site)
{
	number_word(word, verdict_connections(site, VERDICT_LEAK));
}

static void failed_word(char *word, const struct site *site)
{
	number_word(word, site->report.endings[ENDING_FAILED_UNFINISHED]);
}

/* Nothing where the verdict is about all of them. */
static void some_word(char *word, const struct site *site)
{
	if (site->report.at_fault < site->report.count)
		snprintf(word, WORD_MAX, "%" PRIu64 " of %" PRIu64 " ", site->report.at_fault,
			 site->report.count);
}

/* "the garbage collector and the last reference": who closed the collected ones. */
static void collectors_word(char *word, const struct site *site)
{
	const char *separator = "";
	size_t length = 0;

	for (int how = 0; how < HOW_COUNT; how++) {
		if (!site->report.collected_how[how])
			continue;
		length += (size_t)snprintf(word + length, WORD_MAX - length, "%s%s", separator,
					   how_words((enum how)how) + strlen("by "));
		separator = " and ";
	}
}

/* "3 by the garbage collector, 1 by the last reference" */
static void collected_by_word(char *word, const struct site *site)
{
	const char *separator = "";
	size_t length = 0;

	for (int how = 0; how < HOW_COUNT; how++) {
		uint64_t count = site->report.collected_how[how];

		if (!count)
			continue;
		length += (size_t)snprintf(word + length, WORD_MAX - length, "%s%" PRIu64 " %s",
					   separator, count, how_words((enum how)how));
		separator = ", ";
	}
}

static void collected_word(char *word, const struct site *site)
{
	number_word(word, site->report.endings[ENDING_COLLECTED]);
}

static void shutdown_word(char *word, const struct site *site)
{
	number_word(word, site->report.endings[ENDING_SHUTDOWN]);
}

static void unseen_word(char *word, const struct site *site)
{
	uint64_t unseen = site->report.endings[ENDING_CLOSED_UNSEEN];

	if (unseen < site->report.count)
		snprintf(word, WORD_MAX, "%" PRIu64 " of %" PRIu64 " ", unseen, site->report.count);
}

static void stuck_word(char *word, const struct site *site)
{
	number_word(word, site->stuck);
}

static void target_pools_word(char *word, const struct site *site)
{
	number_word(word, site->target_pools);
}

static void target_kept_word(char *word, const struct site *site)
{
	number_word(word, site->target_kept);
}

static void in_transaction_word(char *word, const struct site *site)
{
	number_word(word, site->report.in_transaction);
}

/* "3 workers keep 4 idle connections each: 12 in all" */
static void worker_sum_word(char *word, const struct site *site)
{
	bool is_each = site->worker_most * site->workers == site->worker_kept;

	snprintf(word, WORD_MAX, "%zu processes keep %s%" PRIu64 " idle connections each: %" PRIu64
		 " in all", site->workers, is_each ? "" : "up to ", site->worker_most,
		 site->worker_kept);
}

/* Until when, of those that nobody closed. */
static void stand_word(char *word, const struct site *site)
{
	const uint64_t *endings = site->report.endings;
	bool is_left = endings[ENDING_OPEN] + endings[ENDING_ABANDONED] > 0;

	snprintf(word, WORD_MAX, "%s", site->open_now ? "open now"
				       : is_left      ? "open at exit"
						      : "open until shutdown");
}

static void type_word(char *word, const struct site *site)
{
	snprintf(word, WORD_MAX, "%s", site->report.pool_type);
}

static void pool_word(char *word, const struct site *site)
{
	snprintf(word, WORD_MAX, "%s %s", site->report.pool_library, site->report.pool_type);
}

static void pool_noun_word(char *word, const struct site *site)
{
	bool is_engine = strcmp(site->report.pool_library, "sqlalchemy") == 0;

	snprintf(word, WORD_MAX, "%s", is_engine ? "engine" : "pool");
}

/* "2 idle, 3 checked out": of those that were kept. */
static void pool_states_word(char *word, const struct site *site)
{
	static const struct {
		enum pool_state state;
		const char *words;
	} states[] = {
		{ POOL_STATE_IDLE, "idle" },
		{ POOL_STATE_CHECKED_OUT, "checked out" },
		{ POOL_STATE_UNKNOWN, "idle or checked out" },
	};
	const char *separator = "";
	size_t length = 0;

	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		uint64_t count = 0;

		for (size_t j = 0; j < site->connections.count; j++)
			count += connection_at(site, j)->is_kept &&
				 connection_at(site, j)->report.pool_state == states[i].state;
		if (!count)
			continue;
		length += (size_t)snprintf(word + length, WORD_MAX - length, "%s%" PRIu64 " %s",
					   separator, count, states[i].words);
		separator = ", ";
	}
}

static void until_word(char *word, const struct site *site)
{
	snprintf(word, WORD_MAX, "%s", site->open_now ? "now" : "until shutdown");
}

static void begun_word(char *word, const struct site *site)
{
	const struct report_frame *line = site->begun ? user_line_find(site->begun) : NULL;
	const char *slash;

	if (!line || !*line->function)
		return;
	slash = strrchr(line->file, '/');
	if (line->line)
		snprintf(word, WORD_MAX, " begun by %s at %s:%" PRIu32, line->function,
			 slash ? slash + 1 : line->file, line->line);
	else
		snprintf(word, WORD_MAX, " begun by %s", line->function);
}

static const char *first_sqlstate(const struct site *site)
{
	for (size_t i = 0; i < site->connections.count; i++)
		if (*connection_at(site, i)->report.sqlstate)
			return connection_at(site, i)->report.sqlstate;
	return "";
}

static void sqlstate_word(char *word, const struct site *site)
{
	snprintf(word, WORD_MAX, "%s", first_sqlstate(site));
}

static void meaning_word(char *word, const struct site *site)
{
	const char *meaning = sqlstate_meaning(first_sqlstate(site));

	if (*meaning)
		snprintf(word, WORD_MAX, " (%s)", meaning);
}

static const struct {
	const char *name;
	void (*fill)(char *word, const struct site *site);
} words[] = {
	{ "begun", begun_word },
	{ "collected", collected_word },
	{ "collected_by", collected_by_word },
	{ "collectors", collectors_word },
	{ "connections", connections_word },
	{ "count", count_word },
	{ "failed", failed_word },
	{ "growth", growth_word },
	{ "in_transaction", in_transaction_word },
	{ "left", left_word },
	{ "left_behind", left_behind_word },
	{ "meaning", meaning_word },
	{ "pool", pool_word },
	{ "pool_noun", pool_noun_word },
	{ "pool_states", pool_states_word },
	{ "pools", pools_word },
	{ "shutdown", shutdown_word },
	{ "some", some_word },
	{ "sqlstate", sqlstate_word },
	{ "stand", stand_word },
	{ "stuck", stuck_word },
	{ "target_kept", target_kept_word },
	{ "target_pools", target_pools_word },
	{ "type", type_word },
	{ "unseen", unseen_word },
	{ "until", until_word },
	{ "worker_sum", worker_sum_word },
};

static void word_fill(char *word, const char *name, size_t length, const struct site *site)
{
	*word = 0;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strlen(words[i].name) == length && memcmp(words[i].name, name, length) == 0)
			words[i].fill(word, site);
}

const char *words_expand(struct arena *arena, const char *text, const struct site *site)
{
	const char *done = "";

	while (*text) {
		size_t plain = strcspn(text, "{");
		size_t length = text[plain] ? strcspn(text + plain + 1, "}") : 0;
		char word[WORD_MAX] = "";

		if (text[plain])
			word_fill(word, text + plain + 1, length, site);
		done = arena_format(arena, "%s%.*s%s", done, (int)plain, text, word);
		text += plain + (text[plain] ? length + 2 : 0);
	}
	return done;
}
