/* The path of a report: what each letter becomes. */
#include "base/log_path.h"

#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static const struct log_path values = { .pid = 812, .program = "/usr/bin/psql",
					.at_ns = 1795364140ull * 1000000000 + 999999999 };

static void letters_are_filled_in(void **state)
{
	static const struct {
		const char *pattern, *path;
	} rows[] = {
		{ "/var/log/plain", "/var/log/plain" },
		{ "%p.json", "812.json" },
		{ "/tmp/%e-%p-%p", "/tmp/psql-812-812" },
		{ "100%%", "100%" },
		{ "%t", "20261122T161540" },
		{ "", "" },
	};
	char path[PATH_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(log_path_format(rows[i].pattern, &values, path), 0);
		assert_string_equal(path, rows[i].path);
	}
}

static void the_host_is_its_name(void **state)
{
	char path[PATH_MAX], name[256];

	(void)state;
	assert_int_equal(gethostname(name, sizeof(name)), 0);
	assert_int_equal(log_path_format("%h", &values, path), 0);
	assert_string_equal(path, name);
}

/* Every day from 1970 to 2300, and the seconds at its edges. */
static void the_time_is_that_of_gmtime(void **state)
{
	(void)state;
	for (time_t day = 0; day < 120530; day++) {
		time_t seconds = day * 86400 + (day % 3 ? (day * 7919) % 86400 : 86399);
		struct log_path at = { .program = "", .at_ns = (uint64_t)seconds * 1000000000 };
		char path[PATH_MAX], expected[32];
		struct tm parts;

		gmtime_r(&seconds, &parts);
		strftime(expected, sizeof(expected), "%Y%m%dT%H%M%S", &parts);
		assert_int_equal(log_path_format("%t", &at, path), 0);
		assert_string_equal(path, expected);
	}
}

static void a_bad_letter_is_an_error_and_the_path_is_untouched(void **state)
{
	static const char *const patterns[] = { "%q", "a%", "%P", "% p" };
	char path[PATH_MAX] = "before";

	(void)state;
	for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
		assert_int_equal(log_path_format(patterns[i], &values, path), -EINVAL);
		assert_string_equal(path, "before");
	}
}

static void a_path_that_is_too_long_is_an_error(void **state)
{
	char pattern[PATH_MAX + 1], path[PATH_MAX] = "before";

	(void)state;
	memset(pattern, 'x', PATH_MAX);
	pattern[PATH_MAX] = 0;
	errno = EDOM;
	assert_int_equal(log_path_format(pattern, &values, path), -ENAMETOOLONG);
	assert_string_equal(path, "before");
	pattern[PATH_MAX - 1] = 0;
	assert_int_equal(log_path_format(pattern, &values, path), 0);
	assert_string_equal(path, pattern);
	assert_int_equal(errno, EDOM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(letters_are_filled_in),
		cmocka_unit_test(the_host_is_its_name),
		cmocka_unit_test(the_time_is_that_of_gmtime),
		cmocka_unit_test(a_bad_letter_is_an_error_and_the_path_is_untouched),
		cmocka_unit_test(a_path_that_is_too_long_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
