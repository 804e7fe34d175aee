/* Connections come, fail and go: their slots, and the sums over them. */
#include "ledger/connections.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "written.h"

static void ended(struct written *written, uint32_t id, uint64_t at_ns, uint32_t site,
		  uint32_t pool)
{
	ledger_end_connection(&written->ledger, id,
			      &(struct ledger_end){ .at_ns = at_ns, .site = site, .pool = pool });
}

static const struct ledger_connection *slot(const struct written *written, uint32_t id)
{
	return ledger_record(&written->ledger, LEDGER_CONNECTIONS, id);
}

static void serials_count_and_ids_are_slots(void **state)
{
	struct written *written = written_new(WRITTEN_SIZE);
	struct reader *reader;

	(void)state;
	for (uint32_t i = 1; i <= 100; i++) {
		assert_int_equal(written_connection(written, i, 0, 0), i);
		assert_int_equal(slot(written, i)->serial, i);
	}
	reader = written_read(written);
	assert_int_equal(reader_header(reader)->opened, 100);
	assert_int_equal(reader_header(reader)->open, 100);
	for (uint32_t i = 1; i <= 100; i++)
		assert_int_equal(reader_connection(reader, i)->handle, i);
	reader_free(reader);
	written_free(written);
}

/* One after another: the section grows to LEDGER_ENDED_MAX, then the oldest makes room. */
static void the_oldest_ended_slot_is_the_next_to_be_used(void **state)
{
	struct written *written = written_new(8 << 20);
	uint32_t site = ledger_find_site(&written->ledger, written_stack(written, 1), 1);
	uint64_t number = 1;

	(void)state;
	for (; number <= LEDGER_ENDED_MAX; number++) {
		uint32_t id = written_connection(written, number, site, 0);

		assert_int_equal(id, number);
		ended(written, id, number * 1000, site, 0);
	}
	for (; number <= 3 * LEDGER_ENDED_MAX; number++) {
		uint32_t id = written_connection(written, number, site, 0);

		assert_int_equal(id, (number - 1) % LEDGER_ENDED_MAX + 1);
		assert_int_equal(slot(written, id)->serial, number);
		assert_int_equal(slot(written, id)->ended_at_ns, 0);
		assert_int_equal(slot(written, id)->sequence % 2, 0);
		ended(written, id, number * 1000, site, 0);
	}
	assert_int_equal(written->ledger.header->section[LEDGER_CONNECTIONS].lost, 0);
	written_free(written);
}

static void a_site_knows_the_transactions_of_what_ended_there(void **state)
{
	struct written *written = written_new(WRITTEN_SIZE);
	uint32_t begun = written_stack(written, 2);
	uint32_t site_id = ledger_find_site(&written->ledger, written_stack(written, 1), 1);
	const struct ledger_site *site = ledger_record(&written->ledger, LEDGER_SITES, site_id);

	(void)state;
	for (uint64_t number = 1; number <= 3; number++) {
		uint32_t id = written_connection(written, number, site_id, 0);
		struct ledger_connection *record =
			ledger_record(&written->ledger, LEDGER_CONNECTIONS, id);

		record->transactions = 10 * number;
		record->transaction_max_ns = number == 2 ? 500 : 100;
		record->transaction_max_stack = number == 2 ? begun : 0;
		if (number < 3)
			ended(written, id, 1000, site_id, 0);
	}
	assert_int_equal(site->transactions, 30);
	assert_int_equal(site->transaction_max_ns, 500);
	assert_int_equal(site->transaction_max_stack, begun);
	written_free(written);
}

/* More open at once, and ended, than stories are kept: no slot of an open one may be
 * given out, and none is lost for good. */
static void no_slot_of_an_open_connection_is_given_out(void **state)
{
	enum { MANY = 3 * LEDGER_ENDED_MAX, ROUNDS = 4 };
	struct written *written = written_new(16 << 20);
	uint32_t *ids = calloc(MANY, sizeof(*ids));
	uint64_t number = 0;

	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		for (uint32_t i = 0; i < MANY; i++) {
			ids[i] = written_connection(written, ++number, 0, 0);
			assert_int_not_equal(ids[i], 0);
		}
		for (uint32_t i = 0; i < MANY; i++) {
			assert_int_equal(slot(written, ids[i])->serial, number - MANY + 1 + i);
			assert_int_equal(slot(written, ids[i])->state, LEDGER_OPEN);
		}
		for (uint32_t i = 0; i < MANY; i++)
			ended(written, ids[i], number * 1000, 0, 0);
	}
	/* Of those that were ended all but the kept stories were used again. */
	assert_true(written->ledger.header->section[LEDGER_CONNECTIONS].used /
			    sizeof(struct ledger_connection) <= MANY + LEDGER_ENDED_MAX);
	free(ids);
	written_free(written);
}

static void a_full_section_uses_ended_slots_early_and_then_counts(void **state)
{
	struct written *written = written_new(256 << 10);
	const struct ledger_section *section =
		&written->ledger.header->section[LEDGER_CONNECTIONS];
	uint32_t capacity = (uint32_t)(section->capacity / section->record_size), id;
	uint32_t site = ledger_find_site(&written->ledger, written_stack(written, 1), 1);

	(void)state;
	assert_true(capacity < LEDGER_ENDED_MAX);
	for (uint32_t i = 1; i <= capacity; i++)
		assert_int_equal(written_connection(written, i, site, 0), i);
	assert_int_equal(written_connection(written, capacity + 1, site, 0), 0);
	assert_int_equal(section->lost, 1);
	ended(written, 7, 1, site, 0);
	ended(written, 3, 2, site, 0);
	assert_int_equal(written_connection(written, capacity + 2, site, 0), 7);
	assert_int_equal(written_connection(written, capacity + 3, site, 0), 3);
	id = written_connection(written, capacity + 4, site, 0);
	assert_int_equal(id, 0);
	assert_int_equal(section->lost, 2);
	/* One without a slot is still counted, coming and going. */
	ended(written, 0, 5, site, 0);
	assert_int_equal(written->ledger.header->opened, capacity + 4);
	assert_int_equal(written->ledger.header->finished, 3);
	assert_int_equal(written->ledger.header->open, capacity + 1);
	written_free(written);
}

static void a_site_counts_its_own(void **state)
{
	struct written *written = written_new(WRITTEN_SIZE);
	uint32_t stacks[2] = { written_stack(written, 1), written_stack(written, 2) };
	uint32_t sites[2], ids[10];
	struct reader *reader;

	(void)state;
	for (int i = 0; i < 2; i++)
		sites[i] = ledger_find_site(&written->ledger, stacks[i], 100 + (uint64_t)i);
	assert_int_not_equal(sites[0], sites[1]);
	assert_int_equal(ledger_find_site(&written->ledger, stacks[0], 999), sites[0]);
	for (uint32_t i = 0; i < 10; i++)
		ids[i] = written_connection(written, i + 1, sites[i % 5 == 0], 0);
	for (int i = 0; i < 3; i++)
		ended(written, ids[1 + i], 20000, sites[0], 0);
	ledger_fail_connection(&written->ledger, ids[5], sites[1], "53300");
	reader = written_read(written);
	const struct ledger_site *often = reader_site(reader, sites[0]);
	const struct ledger_site *seldom = reader_site(reader, sites[1]);

	assert_int_equal(often->opened_stack, stacks[0]);
	assert_int_equal(often->first_opened_at_ns, 100);
	assert_int_equal(often->last_opened_at_ns, 10000);
	assert_int_equal(often->opened, 8);
	assert_int_equal(often->finished, 3);
	assert_int_equal(often->open, 5);
	assert_int_equal(often->peak_open, 8);
	assert_int_equal(often->failed, 0);
	assert_int_equal(seldom->opened, 2);
	assert_int_equal(seldom->failed, 1);
	assert_int_equal(seldom->open, 2);
	assert_int_equal(reader_header(reader)->failed, 1);
	assert_int_equal(reader_connection(reader, ids[5])->state, LEDGER_FAILED);
	assert_string_equal(reader_connection(reader, ids[5])->sqlstate, "53300");
	reader_free(reader);
	written_free(written);
}

/* A random walk; the sums over the endings are the counts, and those over the slots. */
static void the_sums_of_the_endings_are_the_counts(void **state)
{
	enum { STEPS = 50000, OPEN_MAX = 200 };
	struct written *written = written_new(8 << 20);
	uint32_t sites[5], stacks[7], open[OPEN_MAX], open_sites[OPEN_MAX];
	uint64_t finished[6] = { 0 }, count = 0, total = 0, number = 0, random = 1;
	struct reader *reader;

	(void)state;
	for (uint32_t i = 0; i < 7; i++)
		stacks[i] = written_stack(written, i + 1);
	for (int i = 0; i < 5; i++)
		sites[i] = ledger_find_site(&written->ledger, stacks[i], 1);
	for (int step = 0; step < STEPS; step++) {
		random = random * 6364136223846793005u + 1442695040888963407u;
		uint32_t dice = (uint32_t)(random >> 33);

		if (count < OPEN_MAX && (dice % 2 || !count)) {
			open_sites[count] = sites[dice / 2 % 5];
			open[count] = written_connection(written, ++number, open_sites[count], 0);
			count++;
			continue;
		}
		size_t at = dice / 2 % count;

		ledger_end_connection(&written->ledger, open[at],
				      &(struct ledger_end){
					      .at_ns = number * 1000 + 1,
					      .site = open_sites[at],
					      .closed_stack = stacks[dice / 512 % 7],
					      .called = dice / 4096 % 3,
					      .evidence = dice / 65536 % 2 ? LEDGER_FINALIZING : 0,
				      });
		finished[open_sites[at]]++;
		total++;
		open[at] = open[--count];
		open_sites[at] = open_sites[count];
	}
	reader = written_read(written);
	assert_int_equal(reader_header(reader)->opened, number);
	assert_int_equal(reader_header(reader)->finished, total);
	assert_int_equal(reader_header(reader)->open, count);
	/* 5 sites, 7 stacks, 3 names, 2 evidences. */
	assert_int_equal(reader_count(reader, LEDGER_ENDINGS), 210);
	for (uint32_t id = 1; id <= 210; id++) {
		const struct ledger_ending *ending = reader_ending(reader, id);

		assert_true(ending->count > 0);
		assert_true(ending->age_min_ns >= 1 && ending->age_min_ns <= ending->age_max_ns);
		assert_true(ending->idle_min_ns <= ending->idle_max_ns);
		finished[ending->site] -= ending->count;
	}
	for (int i = 0; i < 5; i++) {
		const struct ledger_site *site = reader_site(reader, sites[i]);

		assert_int_equal(finished[sites[i]], 0);
		assert_int_equal(site->opened - site->finished, site->open);
	}
	reader_free(reader);
	written_free(written);
}

static void an_ending_knows_the_shortest_and_the_longest(void **state)
{
	struct written *written = written_new(WRITTEN_SIZE);
	uint64_t ages[] = { 500, 300, 900, 400 };

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		uint32_t id = written_connection(written, i + 1, 0, 0);
		struct ledger_connection *record =
			ledger_record(&written->ledger, LEDGER_CONNECTIONS, id);

		if (i != 1) /* the second one was never used */
			record->last_use_at_ns = record->opened_at_ns + ages[i] / 10 * 9;
		ended(written, id, record->opened_at_ns + ages[i], 0, 0);
	}
	struct ledger_ending *ending = ledger_record(&written->ledger, LEDGER_ENDINGS, 1);

	assert_int_equal(ending->count, 4);
	assert_int_equal(ending->age_min_ns, 300);
	assert_int_equal(ending->age_max_ns, 900);
	assert_int_equal(ending->idle_min_ns, 40);
	assert_int_equal(ending->idle_max_ns, 300);
	written_free(written);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(serials_count_and_ids_are_slots),
		cmocka_unit_test(the_oldest_ended_slot_is_the_next_to_be_used),
		cmocka_unit_test(a_site_knows_the_transactions_of_what_ended_there),
		cmocka_unit_test(no_slot_of_an_open_connection_is_given_out),
		cmocka_unit_test(a_full_section_uses_ended_slots_early_and_then_counts),
		cmocka_unit_test(a_site_counts_its_own),
		cmocka_unit_test(the_sums_of_the_endings_are_the_counts),
		cmocka_unit_test(an_ending_knows_the_shortest_and_the_longest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
