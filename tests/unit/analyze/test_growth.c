/* Which of the stories of growth rises, and which may be called a leak while it runs; and
 * that what is told of time is what the ledgers have.
 */
#include "analyze/growth.h"

#include "growth_stories.h"
#include "ledger/history.h"

static const uint64_t minute_ns = 60000000000;

static void each_story_has_its_trend_and_its_verdict_while_it_runs(void **state)
{
	(void)state;
	for (const struct growth_story *story = growth_stories; story->name; story++) {
		const struct growth_setting setting = { .span_ns = minute_ns };
		struct scene *scene = scene_new();
		const struct report_site *site = growth_play(scene, story, &setting);

		if (site->trend != story->trend || site->verdict != story->verdict)
			fail_msg("%s: %s, %s, %s", story->name, trend_name(site->trend),
				 verdict_name(site->verdict), site->diagnosis);
		assert_says(site->diagnosis, story->cause);
		if (site->verdict == VERDICT_LEAK)
			assert_int_equal(site->at_fault, site->endings[ENDING_OPEN]);
		assert_int_equal(site->growth != NULL, site->trend == TREND_RISES);
		scene_free(scene);
	}
}

/* Shutdown closes everything, and a day is as a minute. */
static void how_a_process_ended_is_not_how_it_went(void **state)
{
	(void)state;
	for (const struct growth_story *story = growth_stories; story->name; story++) {
		const struct growth_setting setting = { .span_ns = 1440 * minute_ns,
							.is_over = true };
		struct scene *scene = scene_new();
		const struct report_site *site = growth_play(scene, story, &setting);

		if (site->trend != story->trend)
			fail_msg("%s: %s", story->name, trend_name(site->trend));
		assert_int_equal(site->open, 0);
		scene_free(scene);
	}
}

/* At the end those that shutdown closed are the leak, though the program closed others. */
static void a_leak_amid_short_ones_is_one_at_the_end_too(void **state)
{
	const struct growth_setting setting = { .span_ns = 1440 * minute_ns, .is_over = true };
	struct scene *scene = scene_new();
	const struct report_site *site =
		growth_play(scene, growth_story("amid short ones"), &setting);

	(void)state;
	assert_int_equal(site->verdict, VERDICT_LEAK);
	assert_int_equal(site->at_fault, 25);
	assert_says(site->diagnosis, "25 at the end");
	assert_says(site->diagnosis, "were not used again");
	scene_free(scene);
}

static void what_is_not_known_well_enough_is_no_leak(void **state)
{
	static const struct {
		struct growth_setting setting;
		enum verdict verdict;
	} rows[] = {
		{ { .span_ns = GROWTH_SPAN_NS * 11 / 10 }, VERDICT_LEAK },
		{ { .span_ns = GROWTH_SPAN_NS * 8 / 10 }, VERDICT_HELD },
		{ { .span_ns = GROWTH_SPAN_NS * 11 / 10, .is_pooled = true }, VERDICT_HELD },
		{ { .span_ns = GROWTH_SPAN_NS * 11 / 10, .is_use_unknown = true }, VERDICT_HELD },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct scene *scene = scene_new();
		const struct report_site *site =
			growth_play(scene, growth_story("leak"), &rows[i].setting);

		assert_int_equal(site->trend, TREND_RISES);
		if (site->verdict != rows[i].verdict)
			fail_msg("row %zu: %s", i, verdict_name(site->verdict));
		scene_free(scene);
	}
}

/* Each worker has its own: together they rise, none of them does. */
static void workers_that_come_one_after_the_other_do_not_rise(void **state)
{
	struct scene *scene = scene_new();
	const struct report_site *site;
	uint64_t most = 0;

	(void)state;
	for (int i = 0; i < 4; i++) {
		struct python_scene python = python_scene(scene, 0x7ffffff0 + i);
		struct ledger_builder *builder = python.builder;
		uint32_t row = builder_site(builder, python_opened(&python, "work", 10));

		builder->now_ns += (uint64_t)i * minute_ns;
		for (int j = 0; j < 5; j++)
			builder_open(builder, row, 0);
		builder->header.ended_at_ns = builder->now_ns + 20 * minute_ns;
	}
	site = &scene_report(scene)->sites[0];
	assert_int_equal(site->trend, TREND_LEVEL);
	assert_int_equal(site->open, 20);
	for (size_t i = 0; i < site->history_count; i++)
		if (site->history[i].open_max > most)
			most = site->history[i].open_max;
	assert_int_equal(most, 20);
	/* Alone at first, and in the end. */
	assert_in_range(site->history[0].open_max, 5, 10);
	assert_in_range(site->history[site->history_count - 1].open_max, 5, 10);
	scene_free(scene);
}

/* One stack's history is told as the ledger has it. */
static void the_history_of_one_stack_is_told_as_it_is(void **state)
{
	const struct growth_setting setting = { .span_ns = minute_ns, .is_over = true };
	struct scene *scene = scene_new();
	struct ledger_builder *builder;
	const struct report_site *site = growth_play(scene, growth_story("requests"), &setting);
	const struct ledger_site *record;
	uint64_t lifetimes = 0;

	(void)state;
	builder = scene->builders[0];
	record = builder_record(builder, LEDGER_SITES, 1);
	assert_int_equal(site->history_count, record->history_count);
	assert_int_equal(site->history_step_ns, record->history_step_ns);
	assert_memory_equal(site->history, record->history,
			    record->history_count * sizeof(record->history[0]));
	assert_int_equal(site->history_from_ns,
			 builder->header.started_at_realtime_ns +
				 (record->first_opened_at_ns - builder->header.started_at_ns));
	for (int i = 0; i < LEDGER_LIFETIME_COUNT; i++)
		lifetimes += site->lifetimes[i];
	assert_int_equal(lifetimes, record->finished);
	scene_free(scene);
}

/* A ledger is untrusted: nothing here may divide by zero, or read beyond. */
static void a_history_that_cannot_be_is_none(void **state)
{
	static const struct {
		uint32_t count;
		uint64_t step_ns, first_ns;
	} rows[] = { { 0, 0, 5 }, { 3, 0, 5 }, { 33, LEDGER_HISTORY_STEP_NS, 5 },
		     { 3, UINT64_MAX, 5 }, { 3, LEDGER_HISTORY_STEP_NS, UINT64_MAX },
		     { 32, UINT64_MAX / 2, UINT64_MAX - 9 } };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct scene *scene = scene_new();
		struct python_scene python = python_scene(scene, 1);
		uint32_t id = builder_site(python.builder, python_opened(&python, "work", 10));
		struct ledger_site *site = builder_record(python.builder, LEDGER_SITES, id);

		builder_open(python.builder, id, 0);
		site->history_count = rows[i].count;
		site->history_step_ns = rows[i].step_ns;
		site->first_opened_at_ns = rows[i].first_ns;
		assert_true(scene_report(scene)->sites[0].history_count <= LEDGER_HISTORY_MAX);
		assert_int_equal(scene->report->sites[0].trend, TREND_UNKNOWN);
		scene_free(scene);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_story_has_its_trend_and_its_verdict_while_it_runs),
		cmocka_unit_test(how_a_process_ended_is_not_how_it_went),
		cmocka_unit_test(a_leak_amid_short_ones_is_one_at_the_end_too),
		cmocka_unit_test(what_is_not_known_well_enough_is_no_leak),
		cmocka_unit_test(workers_that_come_one_after_the_other_do_not_rise),
		cmocka_unit_test(the_history_of_one_stack_is_told_as_it_is),
		cmocka_unit_test(a_history_that_cannot_be_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
