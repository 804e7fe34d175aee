/* What libpq hands out is counted by kind and stack. */
#include "ledger/results.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "written.h"

static const struct ledger_result *record_of(const struct written *written, uint32_t id)
{
	return ledger_record(&written->ledger, LEDGER_RESULTS, id);
}

static void one_record_counts_all_of_a_kind_and_stack(void **state)
{
	struct written *written = written_new(WRITTEN_SIZE);
	struct ledger *ledger = &written->ledger;
	uint32_t stack = written_stack(written, 1), other = written_stack(written, 2);
	uint32_t id = ledger_make_result(ledger, LEDGER_RESULT_PGRESULT, stack, 100);
	struct reader *reader;

	(void)state;
	assert_int_equal(ledger_make_result(ledger, LEDGER_RESULT_PGRESULT, stack, 200), id);
	assert_int_not_equal(ledger_make_result(ledger, LEDGER_RESULT_PGRESULT, other, 200), id);
	assert_int_not_equal(ledger_make_result(ledger, LEDGER_RESULT_PGCANCEL, stack, 200), id);
	ledger_free_result(ledger, id);
	reader = written_read(written);
	assert_int_equal(reader_count(reader, LEDGER_RESULTS), 3);
	assert_int_equal(reader_result(reader, id)->kind, LEDGER_RESULT_PGRESULT);
	assert_int_equal(reader_result(reader, id)->stack, stack);
	assert_int_equal(reader_result(reader, id)->made, 2);
	assert_int_equal(reader_result(reader, id)->freed, 1);
	assert_int_equal(reader_result(reader, id)->first_at_ns, 100);
	assert_int_equal(reader_result(reader, id)->last_at_ns, 200);
	assert_int_equal(reader_damaged(reader), 0);
	assert_false(reader_is_torn(reader, LEDGER_RESULTS, id));
	reader_free(reader);
	written_free(written);
}

static void the_peak_is_of_those_that_were_there_at_once(void **state)
{
	struct written *written = written_new(WRITTEN_SIZE);
	struct ledger *ledger = &written->ledger;
	uint32_t id = 0;

	(void)state;
	for (int i = 0; i < 3; i++)
		id = ledger_make_result(ledger, LEDGER_RESULT_PGRESULT, 0, 1);
	for (int i = 0; i < 3; i++)
		ledger_free_result(ledger, id);
	for (int i = 0; i < 100; i++) {
		ledger_make_result(ledger, LEDGER_RESULT_PGRESULT, 0, 1);
		ledger_free_result(ledger, id);
	}
	assert_int_equal(record_of(written, id)->made, 103);
	assert_int_equal(record_of(written, id)->freed, 103);
	assert_int_equal(record_of(written, id)->peak, 3);
	assert_int_equal(record_of(written, id)->peak_made, 3);
	written_free(written);
}

static void what_finds_no_room_is_counted_as_lost(void **state)
{
	struct written *written = written_new(WRITTEN_SIZE);
	const struct ledger_section *section = &written->ledger.header->section[LEDGER_RESULTS];
	uint32_t first = ledger_make_result(&written->ledger, LEDGER_RESULT_PGRESULT, 1, 1);
	uint32_t stack = 2;

	(void)state;
	while (ledger_make_result(&written->ledger, LEDGER_RESULT_PGRESULT, stack, 1))
		stack++;
	assert_int_equal(section->lost, 1);
	assert_int_equal(section->used / sizeof(struct ledger_result), stack - 1);
	/* Those on record still count. */
	assert_int_equal(ledger_make_result(&written->ledger, LEDGER_RESULT_PGRESULT, 1, 1),
			 first);
	assert_int_equal(record_of(written, first)->made, 2);
	ledger_lose_result(&written->ledger);
	assert_int_equal(section->lost, 2);
	written_free(written);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_record_counts_all_of_a_kind_and_stack),
		cmocka_unit_test(the_peak_is_of_those_that_were_there_at_once),
		cmocka_unit_test(what_finds_no_room_is_counted_as_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
