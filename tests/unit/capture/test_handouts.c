/* What libpq handed out is known by its address until it is given back. */
#include "capture/handouts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { MANY = 100000, ROUNDS = 400000 };

/* Addresses as malloc gives them: the last bits are all the same. */
static const void *address_of(size_t number)
{
	return (const void *)(0x555555554000 + (uintptr_t)number * 96);
}

static void add(struct handouts *handouts, size_t number, uint32_t id)
{
	assert_true(handouts_reserve(handouts, MANY));
	handouts_add(handouts, address_of(number), id);
}

static void what_was_added_is_there_until_it_is_removed(void **state)
{
	struct handouts handouts = { 0 };

	(void)state;
	assert_int_equal(handouts_remove(&handouts, address_of(1)), 0);
	add(&handouts, 1, 7);
	assert_int_equal(handouts_remove(&handouts, address_of(2)), 0);
	assert_int_equal(handouts_remove(&handouts, address_of(1)), 7);
	assert_int_equal(handouts_remove(&handouts, address_of(1)), 0);
	assert_int_equal(handouts.count, 0);
	handouts_finish(&handouts);
	assert_int_equal(handouts_remove(&handouts, address_of(1)), 0);
}

static void there_is_room_up_to_the_limit(void **state)
{
	struct handouts handouts = { 0 };

	(void)state;
	for (size_t i = 0; i < MANY; i++)
		add(&handouts, i, (uint32_t)i + 1);
	assert_false(handouts_reserve(&handouts, MANY));
	assert_int_equal(handouts_remove(&handouts, address_of(MANY / 2)), MANY / 2 + 1);
	assert_true(handouts_reserve(&handouts, MANY));
	handouts_finish(&handouts);
}

/* Removing moves others: whatever the order, each stays where it is found. */
static void the_others_are_found_whatever_was_removed(void **state)
{
	struct handouts handouts = { 0 };
	uint32_t *ids = calloc(MANY, sizeof(*ids));
	size_t count = 0;

	(void)state;
	assert_non_null(ids);
	srandom(1);
	for (uint32_t round = 1; round <= ROUNDS; round++) {
		size_t number = (size_t)random() % (MANY / 10);

		assert_int_equal(handouts_remove(&handouts, address_of(number)), ids[number]);
		count -= ids[number] != 0;
		ids[number] = random() % 2 ? round : 0;
		if (ids[number])
			add(&handouts, number, round);
		count += ids[number] != 0;
		assert_int_equal(handouts.count, count);
	}
	for (size_t i = 0; i < MANY; i++)
		assert_int_equal(handouts_remove(&handouts, address_of(i)), ids[i]);
	assert_int_equal(handouts.count, 0);
	free(ids);
	handouts_finish(&handouts);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_added_is_there_until_it_is_removed),
		cmocka_unit_test(there_is_room_up_to_the_limit),
		cmocka_unit_test(the_others_are_found_whatever_was_removed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
