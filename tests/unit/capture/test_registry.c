/* The connections that are open, by handle. */
#include "capture/registry.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { MANY = 100000 };

/* Addresses as malloc gives them. */
static const PGconn *handle_of(uint32_t number)
{
	return (const PGconn *)(0x555555554000 + (uintptr_t)number * 1200);
}

static int add(struct registry *registry, uint32_t number, uint32_t id)
{
	return registry_add(registry, &(struct connection){
					      .handle = handle_of(number),
					      .unrecorded = { .site = id, .pool = id },
				      });
}

static void what_was_added_is_found_until_it_is_removed(void **state)
{
	struct registry registry = { 0 };
	struct connection removed = { .unrecorded.site = 4711 };

	(void)state;
	assert_null(registry_find(&registry, handle_of(1)));
	assert_false(registry_remove(&registry, handle_of(1), &removed));
	assert_int_equal(removed.unrecorded.site, 4711);
	assert_int_equal(add(&registry, 1, 7), 0);
	assert_int_equal(registry_find(&registry, handle_of(1))->unrecorded.site, 7);
	assert_null(registry_find(&registry, handle_of(2)));
	assert_true(registry_remove(&registry, handle_of(1), &removed));
	assert_int_equal(removed.unrecorded.site, 7);
	assert_ptr_equal(removed.handle, handle_of(1));
	assert_null(registry_find(&registry, handle_of(1)));
	assert_int_equal(registry_count(&registry), 0);
}

/* libpq gives an address out again: the newer connection is the true one. */
static void the_same_handle_is_overwritten(void **state)
{
	struct registry registry = { 0 };
	struct connection removed;

	(void)state;
	for (uint32_t id = 1; id <= 10; id++)
		assert_int_equal(add(&registry, 1, id), 0);
	assert_int_equal(registry_count(&registry), 1);
	assert_int_equal(registry_find(&registry, handle_of(1))->unrecorded.site, 10);
	assert_true(registry_remove(&registry, handle_of(1), &removed));
	assert_int_equal(removed.unrecorded.pool, 10);
	assert_false(registry_remove(&registry, handle_of(1), &removed));
}

static void a_change_is_kept(void **state)
{
	struct registry registry = { 0 };

	(void)state;
	add(&registry, 1, 7);
	registry_find(&registry, handle_of(1))->state = LEDGER_FAILED;
	assert_int_equal(registry_find(&registry, handle_of(1))->state, LEDGER_FAILED);
}

static void a_hundred_thousand_are_all_found(void **state)
{
	struct registry registry = { 0 };
	struct connection removed;

	(void)state;
	for (uint32_t i = 1; i <= MANY; i++)
		assert_int_equal(add(&registry, i, i), 0);
	assert_int_equal(registry_count(&registry), MANY);
	for (uint32_t i = 1; i <= MANY; i += 2) {
		assert_true(registry_remove(&registry, handle_of(i), &removed));
		assert_int_equal(removed.unrecorded.site, i);
	}
	for (uint32_t i = 1; i <= MANY; i++) {
		const struct connection *found = registry_find(&registry, handle_of(i));

		assert_int_equal(found != NULL, i % 2 == 0);
		if (found)
			assert_int_equal(found->unrecorded.site, i);
	}
	assert_int_equal(registry_count(&registry), MANY / 2);
}

static uint64_t visited_sum;

static void visit(struct connection *connection)
{
	visited_sum += connection->unrecorded.site;
	connection->unrecorded.site = 0;
}

static void each_one_is_visited_once_and_may_be_changed(void **state)
{
	struct registry registry = { 0 };

	(void)state;
	visited_sum = 0;
	registry_each(&registry, visit);
	assert_int_equal(visited_sum, 0);
	for (uint32_t i = 1; i <= 1000; i++)
		add(&registry, i, i);
	registry_each(&registry, visit);
	assert_int_equal(visited_sum, 1000 * 1001 / 2);
	registry_each(&registry, visit);
	assert_int_equal(visited_sum, 1000 * 1001 / 2);
	assert_int_equal(registry_count(&registry), 1000);
}

/* What is left free of memory decides what fails first: the table itself, a chunk of
 * entries, or wider buckets. Never abort: the call is to go on without a record. */
static int fill(size_t room)
{
	struct rlimit limit = { 0 };
	struct registry registry = { 0 };
	struct connection removed;
	FILE *statm = fopen("/proc/self/statm", "r");
	unsigned long pages;
	uint32_t count = 0;
	int error;

	if (!statm || fscanf(statm, "%lu", &pages) != 1)
		return 1;
	fclose(statm);
	limit.rlim_cur = limit.rlim_max = pages * 4096 + room;
	setrlimit(RLIMIT_AS, &limit);
	while (!(error = add(&registry, count, count)))
		count++;
	if (error != -ENOMEM || registry_count(&registry) != count || (room > 1 << 20 && !count))
		return 2;
	for (uint32_t i = 0; i < count; i++) {
		if (!registry_find(&registry, handle_of(i)))
			return 3;
	}
	if (registry_find(&registry, handle_of(count)))
		return 4;
	/* One that goes has left its entry for the next, if the table takes it. */
	if (count && !registry_remove(&registry, handle_of(0), &removed))
		return 5;
	error = count ? add(&registry, 0, 1) : 0;
	return error == -ENOMEM || registry_count(&registry) == count ? 0 : 6;
}

static void without_memory_an_entry_is_refused_and_the_rest_stays(void **state)
{
	(void)state;
	for (size_t room = 0; room < 4 << 20; room += 52 << 10) {
		pid_t pid = fork();
		int status;

		if (!pid)
			_exit(fill(room));
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(status, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_added_is_found_until_it_is_removed),
		cmocka_unit_test(the_same_handle_is_overwritten),
		cmocka_unit_test(a_change_is_kept),
		cmocka_unit_test(a_hundred_thousand_are_all_found),
		cmocka_unit_test(each_one_is_visited_once_and_may_be_changed),
		cmocka_unit_test(without_memory_an_entry_is_refused_and_the_rest_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
