/* A site's history against every change kept in a list, by times that are made up: what a
 * step says is what was open in it, also when the steps are days.
 */
#include "ledger/history.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const uint64_t second_ns = 1000000000, start_ns = 77000000123;

enum { CHANGES_MAX = 100000 };

static struct {
	uint64_t at_ns, open; /* from then on */
} changes[CHANGES_MAX];
static size_t change_count;
static struct ledger_site site;

static void begin(void)
{
	change_count = 0;
	site = (struct ledger_site){ .first_opened_at_ns = start_ns };
}

static void change(uint64_t at_ns, int by)
{
	uint64_t before = site.open;

	site.open = (uint64_t)((int64_t)site.open + by);
	history_change(&site, at_ns, before);
	changes[change_count].at_ns = at_ns;
	changes[change_count++].open = site.open;
}

/* The same by looking at everything again. */
static struct ledger_history_point expected_point(uint64_t from_ns, uint64_t to_ns)
{
	struct ledger_history_point point = { UINT32_MAX, 0 };

	for (size_t i = 0; i < change_count; i++) {
		bool is_last = i + 1 == change_count;
		struct ledger_history_point now = { (uint32_t)changes[i].open,
						    (uint32_t)changes[i].open };

		if (changes[i].at_ns < to_ns && (is_last || changes[i + 1].at_ns >= from_ns))
			history_widen(&point, &now);
	}
	return point;
}

static void assert_history_is_exact(void)
{
	uint64_t step_ns = site.history_step_ns;

	assert_true(site.history_count >= 1 && site.history_count <= LEDGER_HISTORY_MAX);
	assert_int_equal(site.last_changed_at_ns, changes[change_count - 1].at_ns);
	for (uint32_t i = 0; i < site.history_count; i++) {
		uint64_t from_ns = start_ns + i * step_ns;
		struct ledger_history_point expected = expected_point(from_ns, from_ns + step_ns);

		if (site.history[i].open_min != expected.open_min ||
		    site.history[i].open_max != expected.open_max)
			fail_msg("step %u of %u: %u to %u, not %u to %u", i, site.history_count,
				 site.history[i].open_min, site.history[i].open_max,
				 expected.open_min, expected.open_max);
	}
	assert_true((changes[change_count - 1].at_ns - start_ns) / step_ns ==
		    site.history_count - 1);
}

/* From changes every microsecond to one in days. */
static void each_step_has_the_least_and_the_most_that_were_open(void **state)
{
	uint64_t random = 1;

	(void)state;
	for (uint64_t pause_ns = 1000; pause_ns < second_ns * 400000; pause_ns *= 7) {
		uint64_t now_ns = start_ns;

		begin();
		change(now_ns, 1);
		for (int i = 0; i < 700; i++) {
			random = random * 6364136223846793005u + 1442695040888963407u;
			now_ns += (random >> 33) % (2 * pause_ns);
			change(now_ns, site.open && random >> 62 ? -1 : 1);
			if (i % 50 == 0)
				assert_history_is_exact();
		}
		assert_history_is_exact();
	}
}

static void idle_hours_are_filled_with_the_level(void **state)
{
	(void)state;
	begin();
	for (int i = 0; i < 5; i++)
		change(start_ns + (uint64_t)i * 1000, 1);
	change(start_ns + 8 * 3600 * second_ns, -1);
	assert_history_is_exact();
	assert_true(site.history_count > LEDGER_HISTORY_MAX / 2);
	assert_int_equal(site.history[0].open_max, 5);
	for (uint32_t i = 1; i + 1 < site.history_count; i++)
		assert_int_equal(site.history[i].open_min * 10 + site.history[i].open_max, 55);
	assert_int_equal(site.history[site.history_count - 1].open_min, 4);
	assert_int_equal(site.history[site.history_count - 1].open_max, 5);
}

/* Ten minutes of a service: 1,000 short ones a second would be 600,000; each 60th here. */
static void ten_minutes_keep_at_least_half_of_the_points(void **state)
{
	(void)state;
	begin();
	for (uint64_t i = 0; i < 10000; i++) {
		change(start_ns + i * 60 * second_ns / 1000, 1);
		if (i % 500)
			change(start_ns + i * 60 * second_ns / 1000 + 30000000, -1);
	}
	assert_history_is_exact();
	assert_true(site.history_count > LEDGER_HISTORY_MAX / 2);
	assert_true(site.history_step_ns * LEDGER_HISTORY_MAX < 1200 * second_ns);
	assert_int_equal(site.open, 20);
}

static void the_report_carries_it_on_to_the_end(void **state)
{
	struct ledger_site copy;

	(void)state;
	begin();
	change(start_ns, 1);
	change(start_ns + second_ns, 1);
	copy = site;
	history_extend(&copy, start_ns + 3600 * second_ns, copy.open);
	assert_true(copy.history_count > LEDGER_HISTORY_MAX / 2);
	assert_int_equal(copy.history[0].open_min, 1);
	for (uint32_t i = 1; i < copy.history_count; i++)
		assert_int_equal(copy.history[i].open_min, 2);
	/* A time before the last change adds nothing. */
	copy = site;
	history_extend(&copy, start_ns + 1, 2);
	assert_memory_equal(&copy, &site, sizeof(site));
}

static void a_damaged_one_is_left_as_it_is(void **state)
{
	static const struct {
		uint32_t count;
		uint64_t step_ns;
	} rows[] = { { 0, LEDGER_HISTORY_STEP_NS }, { 3, 0 }, { 3, 5 },
		     { LEDGER_HISTORY_MAX + 1, LEDGER_HISTORY_STEP_NS } };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		begin();
		site.history_count = rows[i].count;
		site.history_step_ns = rows[i].step_ns;
		history_extend(&site, UINT64_MAX, 1);
		assert_int_equal(site.history_count, rows[i].count);
		assert_int_equal(site.history_step_ns, rows[i].step_ns);
	}
	begin();
	change(start_ns, 1);
	history_extend(&site, UINT64_MAX, 1);
	assert_true(site.history_count <= LEDGER_HISTORY_MAX);
}

static void lifetimes_are_counted_below_their_bounds(void **state)
{
	static const uint64_t bounds[] = LEDGER_LIFETIME_BOUNDS;

	(void)state;
	begin();
	history_count_lifetime(&site, 0);
	for (int i = 0; i < LEDGER_LIFETIME_COUNT - 1; i++) {
		history_count_lifetime(&site, bounds[i] - 1);
		history_count_lifetime(&site, bounds[i]);
	}
	history_count_lifetime(&site, UINT64_MAX);
	for (int i = 0; i < LEDGER_LIFETIME_COUNT; i++)
		assert_int_equal(site.lifetimes[i], 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_step_has_the_least_and_the_most_that_were_open),
		cmocka_unit_test(idle_hours_are_filled_with_the_level),
		cmocka_unit_test(ten_minutes_keep_at_least_half_of_the_points),
		cmocka_unit_test(the_report_carries_it_on_to_the_end),
		cmocka_unit_test(a_damaged_one_is_left_as_it_is),
		cmocka_unit_test(lifetimes_are_counted_below_their_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
