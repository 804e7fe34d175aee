/* The handles that were finished last. */
#include "capture/finished.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Addresses as malloc gives them. */
static const PGconn *handle_of(uint32_t number)
{
	return (const PGconn *)(0x555555554000 + (uintptr_t)number * 1200);
}

static void add(struct finished_list *list, uint32_t number, uint32_t closed_stack)
{
	finished_add(list, &(struct finished){ .handle = handle_of(number), .id = number,
					       .site = number, .closed_stack = closed_stack,
					       .owner_pid = 812 });
}

static void what_was_finished_is_known_until_its_address_is_open_again(void **state)
{
	struct finished_list list = { 0 };

	(void)state;
	finished_reopen(&list, handle_of(1));
	assert_null(finished_find(&list, handle_of(1)));
	add(&list, 1, 7);
	assert_int_equal(finished_find(&list, handle_of(1))->closed_stack, 7);
	assert_int_equal(finished_find(&list, handle_of(1))->before, 0);
	assert_null(finished_find(&list, handle_of(2)));
	finished_reopen(&list, handle_of(1));
	assert_null(finished_find(&list, handle_of(1)));
}

static void the_next_at_its_address_knows_what_finished_it(void **state)
{
	struct finished_list list = { 0 };

	(void)state;
	add(&list, 1, 7);
	finished_reopen(&list, handle_of(1));
	add(&list, 1, 8);
	assert_int_equal(finished_find(&list, handle_of(1))->closed_stack, 8);
	assert_int_equal(finished_find(&list, handle_of(1))->before, 7);
}

/* Whatever happened to rows and chains on the way. */
static void the_oldest_is_forgotten_first(void **state)
{
	struct finished_list list = { 0 };

	(void)state;
	for (uint32_t number = 1; number <= 3 * FINISHED_MAX; number++) {
		add(&list, number, number);
		if (number % 3 == 0)
			add(&list, number - 1, number);
		assert_non_null(finished_find(&list, handle_of(number)));
	}
	for (uint32_t number = 1; number <= FINISHED_MAX; number++)
		assert_null(finished_find(&list, handle_of(number)));
	/* A third of them was added twice, and took a row more. */
	for (uint32_t i = 0; i < FINISHED_MAX / 4 * 3; i++)
		assert_non_null(finished_find(&list, handle_of(3 * FINISHED_MAX - i)));
}

static void a_forked_child_knows_them_without_their_stacks(void **state)
{
	struct finished_list list = { 0 };

	(void)state;
	finished_disown(&list);
	add(&list, 1, 7);
	finished_disown(&list);
	const struct finished *known = finished_find(&list, handle_of(1));

	assert_int_equal(known->owner_pid, 812);
	assert_int_equal(known->id + known->site + known->closed_stack, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_finished_is_known_until_its_address_is_open_again),
		cmocka_unit_test(the_next_at_its_address_knows_what_finished_it),
		cmocka_unit_test(the_oldest_is_forgotten_first),
		cmocka_unit_test(a_forked_child_knows_them_without_their_stacks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
