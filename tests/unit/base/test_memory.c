/* Whole pages from the kernel. */
#include "base/memory.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static void memory_is_zero_and_whole(void **state)
{
	size_t sizes[] = { 1, 4096, 4097, 1 << 20 };

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		char *memory = memory_map(sizes[i]);

		assert_non_null(memory);
		assert_int_equal((uintptr_t)memory % 4096, 0);
		for (size_t at = 0; at < sizes[i]; at++)
			assert_int_equal(memory[at], 0);
		memory[sizes[i] - 1] = 1;
		memory_unmap(memory, sizes[i]);
	}
}

static void no_memory_is_null_and_errno_is_kept(void **state)
{
	(void)state;
	errno = EXDEV;
	assert_null(memory_map(SIZE_MAX / 2));
	assert_int_equal(errno, EXDEV);
	memory_unmap(NULL, 4096);
	memory_unmap((void *)1, 4096); /* munmap fails */
	assert_int_equal(errno, EXDEV);
}

/* A terabyte of room is one of addresses, not of memory. */
static void pages_cost_nothing_before_they_are_touched(void **state)
{
	size_t size = (size_t)1 << 40;
	char *memory = memory_map(size);
	struct rusage before, after;

	(void)state;
	assert_non_null(memory);
	getrusage(RUSAGE_SELF, &before);
	memory[size / 2] = 1;
	getrusage(RUSAGE_SELF, &after);
	assert_true(after.ru_maxrss - before.ru_maxrss < 4096);
	memory_unmap(memory, size);
}

/* In a child without address space: 0 when all is as it should be. */
static int borrow_without_address_space(void)
{
	struct rlimit none = { 0, 0 };
	char *lent[8];
	int count = 0;

	setrlimit(RLIMIT_AS, &none);
	if (memory_map(1) || memory_lend(MEMORY_LENT_MAX + 1))
		return 1;
	while ((lent[count] = memory_lend(MEMORY_LENT_MAX))) {
		memset(lent[count], 1, MEMORY_LENT_MAX);
		if (++count == 8)
			return 2;
	}
	memory_unmap(lent[0], MEMORY_LENT_MAX);
	lent[0] = memory_lend(100);
	return !count || !lent[0] || lent[0][0] || lent[0][99] ? 3 : 0;
}

static void without_address_space_a_little_is_lent(void **state)
{
	pid_t child = fork();
	int status;

	(void)state;
	if (!child)
		_exit(borrow_without_address_space());
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_is_zero_and_whole),
		cmocka_unit_test(no_memory_is_null_and_errno_is_kept),
		cmocka_unit_test(without_address_space_a_little_is_lent),
		cmocka_unit_test(pages_cost_nothing_before_they_are_touched),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
