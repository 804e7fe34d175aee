/* More opening stacks and more stories than a ledger has room for: the sums stay exact. */
#include "ledger/connections.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "written.h"

enum { STACKS = 2000, ROUNDS = 3 };

static uint32_t stacks[STACKS];

static struct written *written_with_stacks(void)
{
	struct written *written = written_new(1 << 20);

	for (uint32_t i = 0; i < STACKS; i++)
		stacks[i] = written_stack(written, i + 1);
	return written;
}

static void open_and_end(struct written *written, uint32_t opened, uint32_t closed,
			 uint16_t evidence)
{
	struct ledger *ledger = &written->ledger;
	uint64_t number = ledger->header->opened + 1;
	uint32_t site = ledger_find_site(ledger, opened, number * 1000);
	uint32_t id = written_connection(written, number, site, 0);

	assert_int_not_equal(site, 0);
	ledger_end_connection(ledger, id, &(struct ledger_end){
						  .at_ns = number * 1000 + 2000000,
						  .opened_at_ns = number * 1000,
						  .site = site,
						  .closed_stack = closed,
						  .evidence = evidence });
}

/* Twice each, for the second time nothing new is lost. */
static void what_finds_no_site_is_summed_at_the_site_of_the_rest(void **state)
{
	struct written *written = written_with_stacks();
	const struct ledger_section *section = &written->ledger.header->section[LEDGER_SITES];
	uint64_t room = section->capacity / section->record_size, opened = 0, lifetimes = 0;
	struct reader *reader;

	(void)state;
	assert_true(room < STACKS);
	for (int round = 0; round < ROUNDS; round++)
		for (uint32_t i = 0; i < STACKS; i++)
			open_and_end(written, stacks[i], stacks[0], 0);
	assert_int_equal(section->lost, STACKS - (room - 1));
	reader = written_read(written);
	assert_int_equal(reader_count(reader, LEDGER_SITES), room);
	for (uint32_t id = 1; id <= room; id++) {
		const struct ledger_site *site = reader_site(reader, id);
		uint64_t expected = id < room ? ROUNDS : ROUNDS * (STACKS - (room - 1));

		assert_int_equal(site->opened_stack, id < room ? stacks[id - 1] : 0);
		assert_int_equal(site->opened, expected);
		assert_int_equal(site->finished, expected);
		assert_int_equal(site->open, 0);
		assert_int_equal(site->lifetimes[1], expected);
		opened += site->opened;
		lifetimes += site->lifetimes[1];
	}
	assert_int_equal(opened, reader_header(reader)->opened);
	assert_int_equal(lifetimes, reader_header(reader)->finished);
	reader_free(reader);
	written_free(written);
}

/* A stack that could not be stored is 0: its site and that of the rest are one. */
static void stack_0_and_the_rest_share_a_site(void **state)
{
	struct written *written = written_with_stacks();
	uint32_t unknown = ledger_find_site(&written->ledger, 0, 1), last = 0;

	(void)state;
	for (uint32_t i = 0; i < STACKS; i++)
		last = ledger_find_site(&written->ledger, stacks[i], 1);
	assert_int_equal(last, unknown);
	assert_int_equal(unknown, 1);
	written_free(written);
}

static void stories_that_find_no_room_are_told_without_their_stacks(void **state)
{
	struct written *written = written_with_stacks();
	const struct ledger_section *section = &written->ledger.header->section[LEDGER_ENDINGS];
	uint64_t count = 0, without_stacks = 0, collected = 0;
	struct reader *reader;

	(void)state;
	assert_true(section->capacity / section->record_size < STACKS);
	for (int round = 0; round < ROUNDS; round++)
		for (uint32_t i = 0; i < STACKS; i++)
			open_and_end(written, stacks[i % 2], stacks[i],
				     i % 3 ? LEDGER_COLLECTING : 0);
	/* Two sites, with the collector and without: four rows are for the rest. */
	assert_int_equal(section->lost, 4);
	assert_true(section->used < section->capacity / 100 * 76);
	reader = written_read(written);
	for (uint32_t id = 1; id <= reader_count(reader, LEDGER_ENDINGS); id++) {
		const struct ledger_ending *ending = reader_ending(reader, id);

		count += ending->count;
		if (!ending->closed_stack)
			without_stacks += ending->count;
		if (ending->evidence & LEDGER_COLLECTING)
			collected += ending->count;
	}
	assert_int_equal(count, ROUNDS * STACKS);
	assert_int_equal(collected, (STACKS - (STACKS + 2) / 3) * ROUNDS);
	assert_int_equal(without_stacks,
			 (STACKS - (reader_count(reader, LEDGER_ENDINGS) - 4)) * ROUNDS);
	reader_free(reader);
	written_free(written);
}

/* Many lines of SQL are no reason for a story each. */
static void where_it_was_used_last_makes_no_story_of_its_own(void **state)
{
	struct written *written = written_with_stacks();
	struct ledger *ledger = &written->ledger;

	(void)state;
	for (uint32_t i = 0; i < STACKS; i++) {
		uint32_t id = ledger_add_connection(ledger, &(struct ledger_connection){
								    .state = LEDGER_OPEN,
								    .last_use_stack = stacks[i] });

		ledger_end_connection(ledger, id, &(struct ledger_end){ .at_ns = 1 });
	}
	assert_int_equal(ledger->header->section[LEDGER_ENDINGS].used,
			 sizeof(struct ledger_ending));
	written_free(written);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_finds_no_site_is_summed_at_the_site_of_the_rest),
		cmocka_unit_test(stack_0_and_the_rest_share_a_site),
		cmocka_unit_test(stories_that_find_no_room_are_told_without_their_stacks),
		cmocka_unit_test(where_it_was_used_last_makes_no_story_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
