/* Durations as people write them, good and bad. */
#include "base/duration.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

static const struct {
	const char *text;
	uint64_t ns;
} good[] = {
	{ "0", 0 },
	{ "0s", 0 },
	{ "1us", 1000 },
	{ "500ms", 500000000 },
	{ "30s", 30000000000ull },
	{ "030s", 30000000000ull },
	{ "5min", 300000000000ull },
	{ "2h", 7200000000000ull },
	{ "1d", 86400000000000ull },
	{ "213503d", 18446659200000000000ull },
};

static void a_number_and_its_unit_is_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(good); i++) {
		uint64_t ns = 1;

		assert_true(duration_read(good[i].text, &ns));
		assert_int_equal(ns, good[i].ns);
	}
}

static const char *const bad[] = {
	"", "s", "30", "-1s", "+1s", "1.5s", "30 s", " 30s", "30s ", "30sec", "5m", "30S", "1d2h",
	"213504d", "18446744073709551616us", "99999999999999999999999999s",
};

static void all_else_is_refused_and_nothing_is_written(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		uint64_t ns = 7;

		assert_false(duration_read(bad[i], &ns));
		assert_int_equal(ns, 7);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_number_and_its_unit_is_read),
		cmocka_unit_test(all_else_is_refused_and_nothing_is_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
