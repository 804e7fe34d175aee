/* A pool is its object: an address, until the object has gone. */
#include "ledger/connections.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>

#include <cmocka.h>

#include "written.h"

static const struct ledger_pool *record_of(const struct written *written, uint32_t id)
{
	return ledger_record(&written->ledger, LEDGER_POOLS, id);
}

static void a_pool_is_known_by_its_address(void **state)
{
	struct written *written = written_new(WRITTEN_SIZE);
	uint32_t type = written_string(written, "QueuePool");
	uint32_t other = written_string(written, "NullPool");
	uint32_t library = written_string(written, "sqlalchemy");
	uint32_t pool = ledger_find_pool(&written->ledger, 0x7f00, type, library);

	(void)state;
	assert_int_equal(ledger_find_pool(&written->ledger, 0x7f00, type, library), pool);
	assert_int_not_equal(ledger_find_pool(&written->ledger, 0x7f10, type, library), pool);
	/* One of another type cannot be the same object. */
	assert_int_not_equal(ledger_find_pool(&written->ledger, 0x7f00, other, library), pool);
	written_free(written);
}

static const struct {
	uint16_t evidence;
	bool is_called;
	bool is_gone;
} pool_ends[] = {
	{ 0, true, false },                /* close() through the pool: the pool lives */
	{ LEDGER_FINALIZING, true, false },
	{ 0, false, true },                /* dropped by its last reference */
	{ LEDGER_COLLECTING, false, true },
	{ LEDGER_COLLECTING, true, true },
};

static void an_address_that_comes_back_after_collection_is_another_pool(void **state)
{
	struct written *written = written_new(WRITTEN_SIZE);
	uint32_t type = written_string(written, "QueuePool");
	uint32_t called = written_string(written, "close");

	(void)state;
	for (uint64_t i = 0; i < sizeof(pool_ends) / sizeof(pool_ends[0]); i++) {
		uint64_t address = 0x7f00 + i * 16;
		struct ledger_end end = { .at_ns = 1000000, .evidence = pool_ends[i].evidence,
					  .called = pool_ends[i].is_called ? called : 0 };
		uint32_t pool = ledger_find_pool(&written->ledger, address, type, 0);
		uint32_t first = written_connection(written, 1, 0, pool);
		uint32_t second = written_connection(written, 2, 0, pool);

		end.pool = pool;
		ledger_end_connection(&written->ledger, first, &end);
		assert_int_equal(ledger_find_pool(&written->ledger, address, type, 0), pool);
		ledger_end_connection(&written->ledger, second, &end);
		uint32_t next = ledger_find_pool(&written->ledger, address, type, 0);
		const struct ledger_pool *record = record_of(written, next);

		assert_int_equal(next != pool, pool_ends[i].is_gone);
		assert_int_equal(record->generation, pool_ends[i].is_gone);
		record = record_of(written, pool);
		assert_int_equal(!!(record->generation & LEDGER_POOL_GONE), pool_ends[i].is_gone);
		assert_int_equal(record->opened, 2);
		assert_int_equal(record->peak_open, 2);
		assert_int_equal(record->open, 0);
	}
	written_free(written);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pool_is_known_by_its_address),
		cmocka_unit_test(an_address_that_comes_back_after_collection_is_another_pool),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
