/* A ledger under the limits of the process: no signal, no file left behind. */
#include "ledger/writer.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "written.h"

static int open_beyond_the_file_size_limit(const char *directory)
{
	struct rlimit limit = { .rlim_cur = 64 << 10, .rlim_max = 64 << 10 };
	struct ledger ledger = { 0 };

	setrlimit(RLIMIT_FSIZE, &limit);
	if (ledger_open(&ledger, directory, WRITTEN_SIZE, "x", "/x") || !ledger.is_private ||
	    ledger.private_error != EFBIG || *ledger.path)
		return 1;
	for (uint32_t round = 0; round < 100; round++)
		written_fill(&ledger, round);
	/* No copy for a reader either, but no signal. */
	return ledger_copy(&ledger) == -EFBIG && ledger.header->opened == 200 ? 0 : 2;
}

static int open_without_memory(const char *directory)
{
	struct rlimit limit = { 0 };
	struct ledger ledger = { 0 };

	setrlimit(RLIMIT_AS, &limit);
	return ledger_open(&ledger, directory, WRITTEN_SIZE, "x", "/x") == -ENOMEM &&
			       !ledger.header ? 0 : 1;
}

/* Runs `open` in a child with limits of its own; nothing may be left behind. */
static void assert_zero_in_a_child(int (*open)(const char *directory))
{
	char directory[] = "/tmp/limit-XXXXXX";
	int status;

	assert_non_null(mkdtemp(directory));
	pid_t pid = fork();

	if (!pid)
		_exit(open(directory));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(rmdir(directory), 0);
}

static void beyond_the_limit_of_file_sizes_it_is_private_and_no_signal_comes(void **state)
{
	(void)state;
	assert_zero_in_a_child(open_beyond_the_file_size_limit);
}

static void without_any_memory_there_is_no_ledger_and_no_file(void **state)
{
	(void)state;
	assert_zero_in_a_child(open_without_memory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(beyond_the_limit_of_file_sizes_it_is_private_and_no_signal_comes),
		cmocka_unit_test(without_any_memory_there_is_no_ledger_and_no_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
