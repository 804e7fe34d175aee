/* The time, against that of libc. */
#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

static uint64_t now_ns(clockid_t id)
{
	struct timespec now;

	assert_int_equal(clock_gettime(id, &now), 0);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void each_clock_lies_between_two_looks_at_it(void **state)
{
	uint64_t before = now_ns(CLOCK_MONOTONIC), monotonic = clock_monotonic_ns();

	(void)state;
	assert_in_range(monotonic, before, now_ns(CLOCK_MONOTONIC));
	before = now_ns(CLOCK_REALTIME);
	uint64_t realtime = clock_realtime_ns();

	assert_in_range(realtime, before, now_ns(CLOCK_REALTIME));
}

static void the_monotonic_clock_never_goes_back(void **state)
{
	uint64_t last = 0;

	(void)state;
	for (int i = 0; i < 100000; i++) {
		uint64_t now = clock_monotonic_ns();

		assert_true(now >= last);
		last = now;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_clock_lies_between_two_looks_at_it),
		cmocka_unit_test(the_monotonic_clock_never_goes_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
