#include "ledger/endings.h"

#include "ledger/records.h"

/* A new story with its stacks needs this share of the section to be free, in percent. */
enum { ENDINGS_RESERVE = 25 };

/* Where it was used last is told of one of them only: a program with many lines of SQL
 * would have a story for each. */
static bool story_is_equal(const struct ledger_ending *a, const struct ledger_ending *b)
{
	return a->site == b->site && a->closed_stack == b->closed_stack &&
	       a->called == b->called && a->begun_stack == b->begun_stack &&
	       a->evidence == b->evidence && a->transaction == b->transaction;
}

static uint32_t story_hash(const struct ledger_ending *ending)
{
	uint32_t words[] = { ending->site,	ending->closed_stack, ending->called,
			     ending->begun_stack, ending->evidence,	ending->transaction };

	return ledger_hash(words, sizeof(words));
}

static struct ledger_ending *ending_find(struct ledger *ledger, const struct ledger_ending *story)
{
	struct ledger_ending *known = NULL;
	size_t cursor = 0;
	uint32_t id = ledger->recent_ending;

	if (id) {
		known = ledger_record(ledger, LEDGER_ENDINGS, id);
		if (story_is_equal(known, story))
			return known;
	}
	uint32_t hash = story_hash(story);

	while ((id = index_next(&ledger->endings, hash, &cursor))) {
		known = ledger_record(ledger, LEDGER_ENDINGS, id);
		if (story_is_equal(known, story)) {
			ledger->recent_ending = id;
			return known;
		}
	}
	return NULL;
}

static struct ledger_ending *ending_add(struct ledger *ledger, const struct ledger_ending *story)
{
	uint32_t id = ledger_append(ledger, LEDGER_ENDINGS, story);

	if (!id)
		return NULL;
	index_add(&ledger->endings, story_hash(story), id);
	return ledger_record(ledger, LEDGER_ENDINGS, id);
}

static bool endings_are_short(const struct ledger *ledger)
{
	const struct ledger_section *section = &ledger->header->section[LEDGER_ENDINGS];

	return section->used + section->record_size >
	       section->capacity / 100 * (100 - ENDINGS_RESERVE);
}

static struct ledger_ending *ending_of(struct ledger *ledger, struct ledger_ending *story)
{
	struct ledger_ending *ending = ending_find(ledger, story);

	if (ending)
		return ending;
	if (!endings_are_short(ledger))
		return ending_add(ledger, story);
	story->closed_stack = story->last_use_stack = story->begun_stack = 0;
	ending = ending_find(ledger, story);
	if (ending)
		return ending;
	ending = ending_add(ledger, story);
	if (ending)
		ledger->header->section[LEDGER_ENDINGS].lost++;
	return ending;
}

static void widen(uint64_t *min, uint64_t *max, uint64_t value, bool is_first)
{
	if (is_first || value < *min)
		*min = value;
	if (value > *max)
		*max = value;
}

void ledger_sum_ending(struct ledger *ledger, const struct ledger_connection *connection)
{
	struct ledger_ending story = {
		.site = connection->site,
		.closed_stack = connection->closed_stack,
		.called = connection->called,
		.last_use_stack = connection->last_use_stack,
		.begun_stack = connection->begun_stack,
		.evidence = connection->evidence,
		.transaction = connection->transaction,
	};
	struct ledger_ending *ending = ending_of(ledger, &story);
	uint64_t used_at_ns = connection->last_use_at_ns ? connection->last_use_at_ns :
							    connection->opened_at_ns;

	if (!ending)
		return;
	ledger_change_begin(&ending->sequence);
	widen(&ending->age_min_ns, &ending->age_max_ns,
	      connection->ended_at_ns - connection->opened_at_ns, !ending->count);
	widen(&ending->idle_min_ns, &ending->idle_max_ns, connection->ended_at_ns - used_at_ns,
	      !ending->count);
	ending->count++;
	ledger_change_end(&ending->sequence);
}

