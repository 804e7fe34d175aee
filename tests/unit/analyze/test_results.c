/* What libpq handed out and nobody gave back: verdicts, and what is counted together. */
#include "scene.h"

#include <stdio.h>
#include <unistd.h>

#include "fake_symbolizer.h"

enum { PROCESS_RUNS = -1 };

/* One stack of one process. */
static const struct story {
	const char *name;
	bool is_python;
	int ended; /* enum ledger_process_end, or PROCESS_RUNS */
	uint64_t connections;
	uint64_t made, freed, peak, peak_made;
	enum verdict expected;
	const char *cause;
} stories[] = {
	{ "all given back", false, LEDGER_PROCESS_EXIT, 1, 1000, 1000, 3, 1000, VERDICT_OK, "" },
	{ "some left", false, LEDGER_PROCESS_EXIT, 1, 1000, 788, 212, 999, VERDICT_LEAK,
	  "some path" },
	{ "none given back", false, LEDGER_PROCESS_EXIT, 1, 3, 0, 3, 3, VERDICT_LEAK,
	  "nothing gives them back" },
	{ "some left by _exit", false, LEDGER_PROCESS_UNDERSCORE_EXIT, 1, 1000, 788, 212, 999,
	  VERDICT_LEAK, "some path" },
	{ "the last two", false, LEDGER_PROCESS_EXIT, 1, 1000, 998, 2, 999, VERDICT_HELD, "few" },
	{ "one a connection", false, LEDGER_PROCESS_EXIT, 8, 1000, 992, 8, 999, VERDICT_HELD,
	  "few" },
	{ "more than one a connection", false, LEDGER_PROCESS_EXIT, 8, 1000, 991, 9, 999,
	  VERDICT_LEAK, "some path" },
	{ "a cache of ten", false, LEDGER_PROCESS_EXIT, 1, 1000, 990, 10, 10, VERDICT_HELD,
	  "no more of them as time went on" },
	{ "many, of a process that runs", false, PROCESS_RUNS, 1, 1000, 788, 212, 999, VERDICT_HELD,
	  "runs" },
	{ "freed more often than made, of a torn record", false, LEDGER_PROCESS_EXIT, 1, 10, 11, 3,
	  3, VERDICT_OK, "" },
	{ "cursors of an interpreter", true, LEDGER_PROCESS_EXIT, 1, 99, 0, 99, 99, VERDICT_HELD,
	  "objects of the interpreter" },
	{ "what an interpreter does not free", true, LEDGER_PROCESS_EXIT, 1, 100, 0, 100, 100,
	  VERDICT_LEAK, "had ended its objects" },
	{ "an interpreter that ended no objects", true, LEDGER_PROCESS_UNDERSCORE_EXIT, 1, 1000, 0,
	  1000, 1000, VERDICT_HELD, "objects of the interpreter" },
};

static void result_append(struct ledger_builder *builder, enum ledger_result_kind kind,
			  uint32_t stack, const struct story *story)
{
	uint32_t id;
	struct ledger_result *record =
		builder_append(builder, LEDGER_RESULTS, sizeof(*record), &id);

	*record = (struct ledger_result){
		.kind = (uint32_t)kind, .stack = stack, .made = story->made,
		.freed = story->freed, .peak = story->peak, .peak_made = story->peak_made,
		.first_at_ns = builder->now_ns, .last_at_ns = builder->now_ns + 1000,
	};
}

/* PQexec below `library`'s own code, at `offset` of it, and one line of the program. */
static uint32_t native_stack(struct ledger_builder *builder, uint64_t offset)
{
	uint32_t program = builder_module(builder, "/srv/x", LEDGER_MODULE_MAIN);
	uint32_t library = builder_module(builder, "/usr/lib/libpqxx-6.4.so", 0);

	fake_line("/srv/x", 0x100, "fetch_rows", "/srv/rows.c", 41);
	return BUILDER_STACK(builder, builder_call(builder, "PQexec"),
			     builder_native(builder, library, offset),
			     builder_native(builder, program, 0x100));
}

static uint32_t python_stack(struct ledger_builder *builder)
{
	return BUILDER_STACK(builder, builder_call(builder, "PQexec"),
			     builder_python(builder, "fetch_rows", "/srv/rows.py", 41));
}

static struct ledger_builder *process_add(struct scene *scene, const struct story *story)
{
	struct ledger_builder *builder = scene_add(scene, 1);

	builder->header.peak_open = builder->header.opened = story->connections;
	builder->header.finished = story->connections;
	builder->header.ended = story->ended == PROCESS_RUNS ? LEDGER_PROCESS_RUNNING
							     : (uint32_t)story->ended;
	if (story->ended == PROCESS_RUNS) {
		builder->header.pid = getpid();
		builder->header.process_start_ticks = builder_start_ticks(getpid());
	}
	return builder;
}

static void what_is_left_has_its_verdict(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(stories) / sizeof(stories[0]); i++) {
		const struct story *story = &stories[i];
		struct scene *scene = scene_new();
		struct ledger_builder *builder = process_add(scene, story);
		const struct report *report;
		bool is_ok = story->expected == VERDICT_OK;

		print_message("%s\n", story->name);
		result_append(builder, LEDGER_RESULT_PGRESULT,
			      story->is_python ? python_stack(builder) : native_stack(builder, 1),
			      story);
		scene->fail_on = 1u << VERDICT_LEAK;
		report = scene_report(scene);
		assert_int_equal(report->result_count, 1);
		assert_int_equal(report->results[0].verdict, story->expected);
		assert_string_equal(report->results[0].kind, "PGresult");
		assert_string_equal(report->results[0].user_line.function, "fetch_rows");
		assert_int_equal(report->results[0].open,
				 story->made > story->freed ? story->made - story->freed : 0);
		assert_says(report->results[0].diagnosis, story->cause);
		assert_int_equal(report->results[0].cure[0] != 0,
				 story->expected == VERDICT_LEAK);
		assert_int_equal(report->result_verdicts[story->expected], !is_ok);
		assert_int_equal(report->is_failing, story->expected == VERDICT_LEAK);
		scene_free(scene);
	}
}

static void stacks_of_one_line_and_kind_are_counted_together(void **state)
{
	const struct story *story = &stories[1];
	struct scene *scene = scene_new();
	struct ledger_builder *builder = process_add(scene, story);
	const struct report *report;

	(void)state;
	result_append(builder, LEDGER_RESULT_PGRESULT, native_stack(builder, 1), story);
	result_append(builder, LEDGER_RESULT_PGRESULT, native_stack(builder, 2), story);
	result_append(builder, LEDGER_RESULT_PGCANCELCONN, native_stack(builder, 1), story);
	result_append(builder, LEDGER_RESULT_NONE, native_stack(builder, 1), story);
	report = scene_report(scene);
	assert_int_equal(report->result_count, 2);
	assert_string_equal(report->results[0].kind, "PGresult");
	assert_int_equal(report->results[0].made, 2000);
	assert_int_equal(report->results[0].freed, 1576);
	assert_int_equal(report->results[0].open, 424);
	assert_int_equal(report->results[0].peak, 424);
	assert_int_equal(report->results[0].last_at_ns - report->results[0].first_at_ns, 1000);
	assert_says(report->results[0].cure, "PQclear");
	assert_string_equal(report->results[1].kind, "PGcancelConn");
	assert_says(report->results[1].cure, "PQcancelFinish");
	scene_free(scene);
}

static void each_process_stands_for_itself(void **state)
{
	struct scene *scene = scene_new();
	struct ledger_builder *first = process_add(scene, &stories[0]);
	struct ledger_builder *second = process_add(scene, &stories[1]);
	const struct report *report;

	(void)state;
	second->header.pid = 2;
	result_append(first, LEDGER_RESULT_PGRESULT, native_stack(first, 1), &stories[0]);
	result_append(second, LEDGER_RESULT_PGRESULT, native_stack(second, 1), &stories[1]);
	report = scene_report(scene);
	assert_int_equal(report->result_count, 2);
	assert_int_equal(report->results[0].verdict, VERDICT_LEAK);
	assert_int_equal(report->results[0].pid, 2);
	assert_int_equal(report->results[1].verdict, VERDICT_OK);
	assert_int_equal(report->results[1].pid, 1);
	assert_string_equal(report->results[0].fingerprint, report->results[1].fingerprint);
	scene_free(scene);
}

static void what_is_suppressed_does_not_fail(void **state)
{
	static const char path[] = "results.suppressions";
	struct scene *scene = scene_new();
	struct ledger_builder *builder = process_add(scene, &stories[1]);
	struct suppressions *suppressions;
	const struct report *report;
	FILE *file = fopen(path, "w");
	char problem[64];

	(void)state;
	assert_non_null(file);
	fputs("leak:fetch_rows\n", file);
	fclose(file);
	suppressions = suppressions_read(path, problem, sizeof(problem));
	unlink(path);
	scene->suppressions = suppressions;
	scene->fail_on = 1u << VERDICT_LEAK;
	result_append(builder, LEDGER_RESULT_PGRESULT, native_stack(builder, 1), &stories[1]);
	report = scene_report(scene);
	assert_true(report->results[0].is_suppressed);
	assert_int_equal(report->suppressed, 1);
	assert_int_equal(report->result_verdicts[VERDICT_LEAK], 0);
	assert_false(report->is_failing);
	scene_free(scene);
	suppressions_free(suppressions);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_left_has_its_verdict),
		cmocka_unit_test(stacks_of_one_line_and_kind_are_counted_together),
		cmocka_unit_test(each_process_stands_for_itself),
		cmocka_unit_test(what_is_suppressed_does_not_fail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
