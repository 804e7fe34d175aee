/* Looks at the connections of a process: what is beyond a limit is told once, and once that it
 * is over. */
#include "cli/watched.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SLOTS = 3 };

static const struct watched_turn both = { .is_age = true, .is_transaction = true };

struct looks {
	struct watched watched;
	struct ledger_connection records[SLOTS];
	bool is_torn[SLOTS];
	struct options options;
};

static int begin(void **state)
{
	struct looks *looks = calloc(1, sizeof(*looks));

	looks->options.max_transaction_ns = 100;
	for (int i = 0; i < SLOTS; i++)
		looks->records[i] = (struct ledger_connection){
			.state = LEDGER_OPEN, .serial = (uint64_t)i + 1, .opened_at_ns = 1000,
			.opened_stack = 7, .backend_pid = 40 + i,
			.transaction = LEDGER_TRANSACTION_IDLE,
		};
	*state = looks;
	return 0;
}

static int end(void **state)
{
	struct looks *looks = *state;

	watched_finish(&looks->watched);
	free(looks);
	return 0;
}

static void look(struct looks *looks, struct watched_turn turn, uint64_t now_ns)
{
	struct snapshot snapshot = { 0 };

	snapshot.section[LEDGER_CONNECTIONS] = (struct snapshot_section){
		.bytes = (unsigned char *)looks->records, .used = sizeof(looks->records),
		.is_torn = looks->is_torn,
	};
	assert_int_equal(watched_look(&looks->watched, &snapshot, &looks->options, turn, now_ns),
			 0);
}

static void set_begun(struct ledger_connection *record, uint64_t at_ns)
{
	record->transaction = at_ns ? LEDGER_TRANSACTION_INTRANS : LEDGER_TRANSACTION_IDLE;
	record->begun_at_ns = at_ns;
	record->begun_stack = at_ns ? 9 : 0;
}

static void a_transaction_is_told_once_and_once_that_it_is_over(void **state)
{
	struct looks *looks = *state;

	set_begun(&looks->records[1], 2000);
	look(looks, both, 2100);
	assert_int_equal(looks->watched.fresh_transaction, 0);
	look(looks, both, 2101);
	assert_int_equal(looks->watched.fresh_transaction, 1);
	look(looks, both, 2102);
	assert_int_equal(looks->watched.fresh_transaction, 0);
	assert_int_equal(looks->watched.over_count, 0);
	set_begun(&looks->records[1], 0);
	look(looks, both, 2150);
	assert_int_equal(looks->watched.over_count, 1);
	assert_true(looks->watched.over[0].is_transaction);
	assert_int_equal(looks->watched.over[0].stack, 9);
	assert_int_equal(looks->watched.over[0].backend_pid, 41);
	assert_int_equal(looks->watched.over[0].lasted_ns, 150);
	look(looks, both, 2160);
	assert_int_equal(looks->watched.over_count, 0);
	/* The next one of the same connection is another one. */
	set_begun(&looks->records[1], 3000);
	look(looks, both, 3200);
	assert_int_equal(looks->watched.fresh_transaction, 1);
}

static void what_may_not_be_told_now_is_told_later(void **state)
{
	struct looks *looks = *state;

	set_begun(&looks->records[0], 2000);
	look(looks, (struct watched_turn){ .is_age = true }, 2500);
	assert_int_equal(looks->watched.fresh_transaction, 0);
	look(looks, both, 2600);
	assert_int_equal(looks->watched.fresh_transaction, 1);
}

static void a_record_that_is_being_written_is_left_for_the_next_look(void **state)
{
	struct looks *looks = *state;

	set_begun(&looks->records[0], 2000);
	looks->is_torn[0] = true;
	look(looks, both, 2500);
	assert_int_equal(looks->watched.fresh_transaction, 0);
	looks->is_torn[0] = false;
	look(looks, both, 2500);
	assert_int_equal(looks->watched.fresh_transaction, 1);
}

static void a_closed_connection_is_over_also_when_its_slot_has_another(void **state)
{
	struct looks *looks = *state;

	looks->options.max_age_ns = 500;
	look(looks, both, 2000);
	assert_int_equal(looks->watched.fresh_age, SLOTS);
	looks->records[0].state = LEDGER_ENDED;
	looks->records[0].ended_at_ns = 2200;
	looks->records[1].serial = 4;
	looks->records[1].opened_at_ns = 2300;
	look(looks, both, 2400);
	assert_int_equal(looks->watched.over_count, 2);
	assert_false(looks->watched.over[0].is_transaction);
	assert_int_equal(looks->watched.over[0].lasted_ns, 1200);
	assert_int_equal(looks->watched.over[0].stack, 7);
	look(looks, both, 2500);
	assert_int_equal(looks->watched.over_count, 0);
	assert_int_equal(looks->watched.fresh_age, 0);
}

static void what_the_end_of_the_process_ends_is_not_over_after_all(void **state)
{
	struct looks *looks = *state;

	looks->options.max_age_ns = 500;
	look(looks, both, 2000);
	for (int i = 0; i < SLOTS; i++) {
		looks->records[i].state = LEDGER_ENDED;
		looks->records[i].evidence = i ? LEDGER_FINALIZING : LEDGER_EXITING;
	}
	look(looks, both, 2100);
	assert_int_equal(looks->watched.over_count, 0);
}

static void what_is_not_this_processs_or_not_open_is_none_of_its(void **state)
{
	struct looks *looks = *state;

	looks->options.max_age_ns = 500;
	looks->records[0].evidence = LEDGER_INHERITED;
	looks->records[1].state = LEDGER_FAILED;
	looks->records[2].state = LEDGER_CLOSED_UNSEEN;
	look(looks, both, 2000);
	assert_int_equal(looks->watched.fresh_age, 0);
}

int main(void)
{
#define LOOKS(test) cmocka_unit_test_setup_teardown(test, begin, end)
	const struct CMUnitTest tests[] = {
		LOOKS(a_transaction_is_told_once_and_once_that_it_is_over),
		LOOKS(what_may_not_be_told_now_is_told_later),
		LOOKS(a_record_that_is_being_written_is_left_for_the_next_look),
		LOOKS(a_closed_connection_is_over_also_when_its_slot_has_another),
		LOOKS(what_the_end_of_the_process_ends_is_not_over_after_all),
		LOOKS(what_is_not_this_processs_or_not_open_is_none_of_its),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
