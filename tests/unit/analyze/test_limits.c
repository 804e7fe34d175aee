/* What a report about a running process's limits says: who holds, who is beyond a limit, and
 * what is over of what was reported. */
#include "scene.h"

#include <string.h>

#include "base/clock.h"

#define SECOND UINT64_C(1000000000)

struct story {
	struct scene *scene;
	struct python_scene python;
	struct ledger_builder *builder;
};

static struct story story_new(enum reason reason)
{
	struct story story = { .scene = scene_new() };

	story.python = python_scene(story.scene, 1);
	story.builder = story.python.builder;
	story.builder->header.ended = LEDGER_PROCESS_RUNNING;
	story.scene->asked.reason = reason;
	return story;
}

static uint32_t site_add(struct story *story, const char *function)
{
	return builder_site(story->builder, python_opened(&story->python, function, 10));
}

static struct ledger_connection *record_of(struct story *story, uint32_t id)
{
	return builder_record(story->builder, LEDGER_CONNECTIONS, id);
}

static const char *function_at(const struct report *report, size_t index)
{
	return report->sites[index].user_line.function;
}

static void who_holds_most_comes_first_and_of_equals_the_newest(void **state)
{
	struct story story = story_new(REASON_EXHAUSTION);
	uint32_t failing = site_add(&story, "failing"), many = site_add(&story, "many");
	uint32_t old = site_add(&story, "old"), new = site_add(&story, "new");
	const struct report *report;

	(void)state;
	for (int i = 0; i < 3; i++)
		builder_fail(story.builder, builder_open(story.builder, failing, 0), "53300");
	for (int i = 0; i < 2; i++)
		builder_open(story.builder, many, 0);
	builder_open(story.builder, old, 0);
	builder_open(story.builder, new, 0);
	report = scene_report(story.scene);
	assert_string_equal(function_at(report, 0), "many");
	assert_string_equal(function_at(report, 1), "new");
	assert_string_equal(function_at(report, 2), "old");
	assert_string_equal(function_at(report, 3), "failing");
	assert_int_equal(report->open_now, 4);

	story.scene->asked.reason = REASON_SIGNAL;
	assert_string_equal(function_at(scene_report(story.scene), 0), "failing");
	scene_free(story.scene);
}

static void the_refused_connect_is_no_failed_one_yet(void **state)
{
	struct story story = story_new(REASON_EXHAUSTION);
	uint32_t site = site_add(&story, "work"), other = site_add(&story, "refused");
	const struct report *report;

	(void)state;
	builder_open(story.builder, site, 0);
	builder_fail(story.builder, builder_open(story.builder, other, 0), "53300");
	report = scene_report(story.scene);
	assert_int_equal(scene_site(story.scene, "refused")->count, 0);
	assert_int_equal(report->verdict_count[VERDICT_FAILED], 0);
	assert_false(report->is_failing);
	assert_non_null(report->refused.count ? &report->refused : NULL);

	/* The one before had its time. */
	builder_fail(story.builder, builder_open(story.builder, other, 0), "53300");
	report = scene_report(story.scene);
	assert_int_equal(scene_site(story.scene, "refused")->verdict, VERDICT_FAILED);
	assert_int_equal(scene_site(story.scene, "refused")->count, 1);
	scene_free(story.scene);
}

static void a_transaction_beyond_its_limit_is_stuck_while_the_process_runs(void **state)
{
	struct story story = story_new(REASON_MAX_TRANSACTION);
	uint32_t site = site_add(&story, "work");
	uint32_t begin = python_opened(&story.python, "begin", 3);
	uint64_t now = clock_monotonic_ns();
	const struct report_site *row;

	(void)state;
	for (int i = 0; i < 3; i++) {
		uint32_t id = builder_open(story.builder, site, 0);

		builder_begin(story.builder, id, begin);
		record_of(&story, id)->opened_at_ns = now;
		record_of(&story, id)->begun_at_ns = now - (i == 0 ? 100 : 1) * SECOND;
	}
	story.scene->asked.max_transaction_ns = 50 * SECOND;
	scene_report(story.scene);
	row = scene_site(story.scene, "work");
	assert_int_equal(row->verdict, VERDICT_STUCK);
	assert_int_equal(row->at_fault, 1);
	assert_int_equal(row->overdue_transaction, 1);
	assert_int_equal(row->overdue_age, 0);

	story.scene->asked.max_transaction_ns = 200 * SECOND;
	scene_report(story.scene);
	assert_int_equal(scene_site(story.scene, "work")->verdict, VERDICT_HELD);

	story.scene->asked.max_transaction_ns = 0;
	story.scene->asked.max_age_ns = 1;
	scene_report(story.scene);
	row = scene_site(story.scene, "work");
	assert_int_equal(row->verdict, VERDICT_HELD);
	assert_int_equal(row->overdue_age, 3);
	scene_free(story.scene);
}

/* Left behind by their thread for the next, too: each is one all the same. */
static void what_is_beyond_its_limit_is_counted_once(void **state)
{
	struct story story = story_new(REASON_MAX_TRANSACTION);
	uint32_t site = site_add(&story, "work");
	uint32_t begin = python_opened(&story.python, "begin", 3);
	uint64_t now = clock_monotonic_ns();
	const struct report *report;

	(void)state;
	story.builder->header.flags |= LEDGER_TRACKS_USES;
	for (uint64_t i = 0; i < 5; i++) {
		uint32_t id = builder_open(story.builder, site, 0);
		struct ledger_connection *record = record_of(&story, id);

		builder_begin(story.builder, id, begin);
		record->thread = 7;
		record->opened_at_ns = now - (100 - 10 * i) * SECOND;
		record->begun_at_ns = record->opened_at_ns + 1;
		record->last_use_at_ns = record->opened_at_ns + 2;
	}
	story.scene->asked.max_transaction_ns = 85 * SECOND;
	report = scene_report(story.scene);
	assert_int_equal(scene_site(story.scene, "work")->overdue_transaction, 2);
	/* Two that are overdue, and two more that were left; the newest is in use. */
	assert_int_equal(scene_site(story.scene, "work")->at_fault, 4);
	assert_int_equal(report->verdict_connections[VERDICT_STUCK], 4);
	scene_free(story.scene);
}

static void the_end_tells_what_the_program_closed_of_what_was_reported(void **state)
{
	struct story story = story_new(REASON_EXIT);
	uint32_t site = site_add(&story, "work");
	uint32_t closed = python_close_stack(&story.python, "work");
	uint32_t collected = python_collect_stack(&story.python, "work");
	const struct report *report;

	(void)state;
	story.builder->header.ended = LEDGER_PROCESS_EXIT;
	for (int i = 0; i < 5; i++) {
		uint32_t id = builder_open(story.builder, site, 0);

		/* The last was not reported, and two are not closed by the program. */
		if (i < 4)
			record_of(&story, id)->reported_at_ns = 1;
		if (i == 0)
			continue;
		builder_finish(story.builder, id, i == 1 ? LEDGER_COLLECTING : 0,
			       i == 1 ? collected : closed, i == 1 ? "" : "close");
	}
	report = scene_report(story.scene);
	assert_int_equal(report->after_all_count, 1);
	assert_int_equal(report->after_all[0].count, 2);
	assert_string_equal(report->after_all[0].line.function, "work");
	assert_false(report->after_all[0].is_transaction);

	story.scene->asked.reason = REASON_MAX_OPEN;
	assert_int_equal(scene_report(story.scene)->after_all_count, 0);
	scene_free(story.scene);
}

static void what_is_over_is_told_without_any_site(void **state)
{
	struct story story = story_new(REASON_AFTER_ALL);
	uint32_t begin = python_opened(&story.python, "begin", 3);
	struct after_all over = { .is_transaction = true, .stack = begin, .backend_pid = 4711,
				  .lasted_ns = 12 * SECOND };
	const struct report *report;

	(void)state;
	builder_open(story.builder, site_add(&story, "work"), 0);
	story.scene->asked.after_all = &over;
	story.scene->asked.after_all_count = 1;
	report = scene_report(story.scene);
	assert_int_equal(report->site_count, 0);
	assert_int_equal(report->after_all_count, 1);
	assert_string_equal(report->after_all[0].line.function, "begin");
	assert_int_equal(report->after_all[0].lasted_ns, 12 * SECOND);
	scene_free(story.scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_holds_most_comes_first_and_of_equals_the_newest),
		cmocka_unit_test(the_refused_connect_is_no_failed_one_yet),
		cmocka_unit_test(a_transaction_beyond_its_limit_is_stuck_while_the_process_runs),
		cmocka_unit_test(what_is_beyond_its_limit_is_counted_once),
		cmocka_unit_test(the_end_tells_what_the_program_closed_of_what_was_reported),
		cmocka_unit_test(what_is_over_is_told_without_any_site),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
