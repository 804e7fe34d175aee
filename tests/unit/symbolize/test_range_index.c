/* Finding addresses in overlapping ranges, against a search of the whole list. */
#include "symbolize/range_index.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void add(struct range_index *index, uint64_t low, uint64_t high, uint64_t rank)
{
	struct range range = { .low = low, .high = high, .rank = rank, .value = rank };

	assert_int_equal(range_index_add(index, &range), 0);
}

static void an_empty_index_finds_nothing(void **state)
{
	struct range_index index = { 0 };

	(void)state;
	range_index_sort(&index);
	assert_null(range_index_find(&index, 0));
	range_index_finish(&index);
}

static void ends_are_outside_and_starts_inside(void **state)
{
	struct range_index index = { 0 };

	(void)state;
	add(&index, 10, 20, 1);
	add(&index, 20, 20, 9);
	add(&index, 30, UINT64_MAX, 2);
	range_index_sort(&index);
	assert_null(range_index_find(&index, 9));
	assert_int_equal(range_index_find(&index, 10)->value, 1);
	assert_int_equal(range_index_find(&index, 19)->value, 1);
	assert_null(range_index_find(&index, 20));
	assert_int_equal(range_index_find(&index, UINT64_MAX - 1)->value, 2);
	range_index_finish(&index);
}

static const struct range *find_slowly(const struct range_index *index, uint64_t address)
{
	const struct range *best = NULL;

	for (size_t i = 0; i < index->count; i++) {
		const struct range *range = &index->ranges[i];

		if (range->low <= address && address < range->high &&
		    (!best || range->rank > best->rank))
			best = range;
	}
	return best;
}

static void random_ranges_are_found_as_by_a_search_of_all(void **state)
{
	(void)state;
	srand(1);
	for (size_t round = 0; round < 200; round++) {
		struct range_index index = { 0 };
		uint64_t span = 1 + (uint64_t)rand() % 60;

		for (uint64_t i = 0; i < round; i++) {
			uint64_t low = (uint64_t)rand() % 300;

			add(&index, low, low + (uint64_t)rand() % span, i);
		}
		range_index_sort(&index);
		for (uint64_t address = 0; address < 370; address++)
			assert_ptr_equal(range_index_find(&index, address),
					 find_slowly(&index, address));
		range_index_finish(&index);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_index_finds_nothing),
		cmocka_unit_test(ends_are_outside_and_starts_inside),
		cmocka_unit_test(random_ranges_are_found_as_by_a_search_of_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
