/* From a hash to ids. */
#include "ledger/index.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { MANY = 100000 };

static bool index_has(const struct index *index, uint32_t hash, uint32_t id)
{
	size_t cursor = 0;
	uint32_t found;

	while ((found = index_next(index, hash, &cursor))) {
		if (found == id)
			return true;
	}
	return false;
}

static void an_empty_index_has_nothing(void **state)
{
	struct index index = { 0 };

	(void)state;
	assert_false(index_has(&index, 0, 0));
	assert_false(index_has(&index, UINT32_MAX, 1));
	index_finish(&index);
}

static void what_was_filed_is_found_however_many(void **state)
{
	struct index index = { 0 };

	(void)state;
	for (uint32_t id = 1; id <= MANY; id++)
		assert_int_equal(index_add(&index, id * 2654435761u, id), 0);
	assert_int_equal(index.count, MANY);
	for (uint32_t id = 1; id <= MANY; id++) {
		assert_true(index_has(&index, id * 2654435761u, id));
		assert_false(index_has(&index, id * 2654435761u, id + 1));
	}
	index_finish(&index);
	assert_false(index_has(&index, 2654435761u, 1));
}

/* Also where the row wraps around at the end of the table. */
static void equal_hashes_are_walked_once_each(void **state)
{
	uint32_t hashes[] = { 0, 7, UINT32_MAX };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct index index = { 0 };
		uint64_t seen = 0;
		size_t cursor = 0;
		uint32_t id;

		for (id = 1; id <= 40; id++)
			assert_int_equal(index_add(&index, hashes[i], id), 0);
		while ((id = index_next(&index, hashes[i], &cursor))) {
			assert_in_range(id, 1, 40);
			assert_false(seen >> id & 1);
			seen |= (uint64_t)1 << id;
		}
		assert_int_equal(seen, (((uint64_t)1 << 40) - 1) << 1);
		index_finish(&index);
	}
}

/* In a child, whose address space ends. */
static int fill_without_memory(void)
{
	struct rlimit none = { 0 };
	struct index index = { 0 };
	uint32_t id = 1;

	for (; id <= 100; id++)
		index_add(&index, id, id);
	setrlimit(RLIMIT_AS, &none);
	while (!index_add(&index, id, id))
		id++;
	/* The row ends at an empty slot, so that a look-up of what is not there ends. */
	if (id < 400 || index_has(&index, MANY, MANY))
		return 1;
	for (uint32_t known = 1; known < id; known++) {
		if (!index_has(&index, known, known))
			return 2;
	}
	return index_add(&index, id, id) == -ENOMEM ? 0 : 3;
}

static void without_memory_it_serves_until_it_is_full(void **state)
{
	pid_t pid = fork();
	int status;

	(void)state;
	if (!pid)
		_exit(fill_without_memory());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_index_has_nothing),
		cmocka_unit_test(what_was_filed_is_found_however_many),
		cmocka_unit_test(equal_hashes_are_walked_once_each),
		cmocka_unit_test(without_memory_it_serves_until_it_is_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
