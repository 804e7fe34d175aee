/* What is counted and timed at a site is what was recorded: nothing is lost, or twice. */
#include "scene.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fake_symbolizer.h"

/* A C program's site: PQconnectdb called at one address of main. */
static uint32_t native_site(struct ledger_builder *builder, uint32_t module, uint64_t offset)
{
	uint32_t call = builder_call(builder, "PQconnectdb");

	return builder_site(builder, BUILDER_STACK(builder, call,
						   builder_native(builder, module, offset)));
}

/* Two stacks of one line, of which never more than two connections are open. */
static void a_peak_is_replayed_where_all_is_on_record(void **state)
{
	struct scene *scene = scene_new();
	struct ledger_builder *builder = scene_add(scene, 1);
	uint32_t module = builder_module(builder, "/srv/x", LEDGER_MODULE_MAIN), sites[2];

	(void)state;
	fake_line("/srv/x", 0x100, "main", "/srv/x.c", 5);
	fake_line("/srv/x", 0x110, "main", "/srv/x.c", 5);
	sites[0] = native_site(builder, module, 0x100);
	sites[1] = native_site(builder, module, 0x110);
	for (int i = 0; i < 3; i++) {
		uint32_t one = builder_open(builder, sites[0], 0);

		if (i == 1)
			builder_finish(builder, builder_open(builder, sites[0], 0), 0, 0, "");
		builder_finish(builder, one, 0, 0, "");
		one = builder_open(builder, sites[1], 0);
		if (i == 2)
			builder_finish(builder, builder_open(builder, sites[1], 0), 0, 0, "");
		builder_finish(builder, one, 0, 0, "");
	}
	/* The stacks' peaks are 2 and 2. */
	assert_int_equal(scene_report(scene)->sites[0].peak_open, 2);

	/* One is not on record any more: the sum, but no more than the process's peak. */
	memset(builder_record(builder, LEDGER_CONNECTIONS, 1), 0, sizeof(struct ledger_connection));
	builder->header.peak_open = 3;
	assert_int_equal(scene_report(scene)->sites[0].peak_open, 3);
	scene_free(scene);
}

static void times_are_real_and_spans_are_counted(void **state)
{
	struct scene *scene = scene_new();
	struct python_scene python = python_scene(scene, 1);
	struct ledger_builder *builder = python.builder;
	uint32_t site = builder_site(builder, python_opened(&python, "work", 1));
	uint32_t id = builder_open(builder, site, 0);
	struct ledger_connection *record = builder_record(builder, LEDGER_CONNECTIONS, id);
	const struct report_connection *connection;

	(void)state;
	record->last_use_at_ns = record->opened_at_ns + 4;
	builder->header.ended_at_ns = record->opened_at_ns + 10;
	connection = &scene_report(scene)->sites[0].connections[0];
	assert_int_equal(connection->opened_at_ns, UINT64_C(1700000001) * 1000000000);
	assert_int_equal(connection->last_use_at_ns, connection->opened_at_ns + 4);
	assert_int_equal(connection->ended_at_ns, 0);
	assert_int_equal(connection->age_ns, 10);
	assert_int_equal(connection->idle_ns, 6);
	assert_int_equal(scene->report->sites[0].idle_min_ns, 6);
	assert_int_equal(scene->report->sites[0].idle_max_ns, 6);
	assert_int_equal(scene->report->processes[0].started_at_ns,
			 UINT64_C(1700000000) * 1000000000);
	assert_int_equal(scene->report->processes[0].ended_at_ns,
			 connection->opened_at_ns + 10);
	scene_free(scene);
}

/* The slot was reused: the sums know the connection, the record is another's. */
static void what_has_left_its_slot_still_counts(void **state)
{
	struct scene *scene = scene_new();
	struct python_scene python = python_scene(scene, 1);
	struct ledger_builder *builder = python.builder;
	uint32_t site = builder_site(builder, python_opened(&python, "work", 1));
	uint32_t stack = python_close_stack(&python, "work");

	(void)state;
	for (int i = 0; i < 5; i++)
		builder_finish(builder, builder_open(builder, site, 0), 0, stack, "close");
	builder->header.section[LEDGER_CONNECTIONS].used = sizeof(struct ledger_connection);
	assert_int_equal(scene_report(scene)->sites[0].count, 5);
	assert_int_equal(scene->report->sites[0].endings[ENDING_CLOSED], 5);
	assert_int_equal(scene->report->sites[0].connection_count, 1);
	assert_int_equal(scene->report->sites[0].close_count, 1);
	assert_int_equal(scene->report->sites[0].closes[0].count, 5);
	assert_int_equal(scene->report->processes[0].closed, 5);
	scene_free(scene);
}

static void what_began_a_transaction_outlives_its_slot(void **state)
{
	struct scene *scene = scene_new();
	struct python_scene python = python_scene(scene, 1);
	struct ledger_builder *builder = python.builder;
	uint32_t stack = python_opened(&python, "work", 7);
	uint32_t site = builder_site(builder, stack);
	uint32_t id = builder_open(builder, site, 0);

	(void)state;
	builder_begin(builder, id, stack);
	builder_finish(builder, id, LEDGER_FINALIZING, 0, "");
	memset(builder_record(builder, LEDGER_CONNECTIONS, id), 0,
	       sizeof(struct ledger_connection));
	assert_int_equal(scene_report(scene)->sites[0].verdict, VERDICT_STUCK);
	assert_says(scene->report->sites[0].diagnosis, "begun by work at app.py:7");
	scene_free(scene);
}

/* No slot was free: the site's counter knows that they are open. */
static void what_found_no_slot_is_open_at_exit(void **state)
{
	struct scene *scene = scene_new();
	struct python_scene python = python_scene(scene, 1);
	struct ledger_builder *builder = python.builder;
	uint32_t id = builder_site(builder, python_opened(&python, "work", 1));

	(void)state;
	for (int i = 0; i < 5; i++)
		builder_open(builder, id, 0);
	builder->header.section[LEDGER_CONNECTIONS].used = 2 * sizeof(struct ledger_connection);
	builder->header.section[LEDGER_CONNECTIONS].lost = 3;
	assert_int_equal(scene_report(scene)->sites[0].endings[ENDING_OPEN], 5);
	assert_int_equal(scene->report->processes[0].open, 5);
	assert_int_equal(scene->report->processes[0].lost_records, 3);
	scene_free(scene);
}

static void a_connection_of_no_known_site_is_not_lost(void **state)
{
	struct scene *scene = scene_new();
	struct python_scene python = python_scene(scene, 1);
	struct ledger_builder *builder = python.builder;
	uint32_t site = builder_site(builder, python_opened(&python, "work", 1));
	uint32_t id = builder_open(builder, site, 0);
	struct ledger_connection *record = builder_record(builder, LEDGER_CONNECTIONS, id);

	(void)state;
	record->site = 77;
	((struct ledger_site *)builder_record(builder, LEDGER_SITES, 1))->opened = 0;
	assert_int_equal(scene_report(scene)->site_count, 1);
	assert_int_equal(scene->report->sites[0].count, 1);
	assert_int_equal(scene->report->sites[0].opened_stack.count, 0);
	assert_string_equal(scene->report->sites[0].user_line.function, "");
	assert_int_equal(scene->report->sites[0].verdict, VERDICT_LEAK);
	assert_int_equal(scene->report->damaged, 1);
	scene_free(scene);
}

static void a_torn_connection_is_said_to_be_torn(void **state)
{
	struct scene *scene = scene_new();
	struct python_scene python = python_scene(scene, 1);
	struct ledger_builder *builder = python.builder;
	uint32_t site = builder_site(builder, python_opened(&python, "work", 1));
	struct ledger_connection *record;

	(void)state;
	builder_open(builder, site, 0);
	record = builder_record(builder, LEDGER_CONNECTIONS, builder_open(builder, site, 0));
	record->sequence = 3;
	assert_false(scene_report(scene)->sites[0].connections[0].is_torn);
	assert_true(scene->report->sites[0].connections[1].is_torn);
	assert_int_equal(scene->report->processes[0].torn_records, 1);
	scene_free(scene);
}

static void close_stacks_are_summed_most_frequent_first(void **state)
{
	struct scene *scene = scene_new();
	struct python_scene python = python_scene(scene, 1);
	struct ledger_builder *builder = python.builder;
	uint32_t site = builder_site(builder, python_opened(&python, "work", 1));
	uint32_t rare = python_close_stack(&python, "rare");
	const struct report_site *report;

	(void)state;
	builder_finish(builder, builder_open(builder, site, 0), 0, rare, "close");
	for (int i = 0; i < 3; i++)
		builder_finish(builder, builder_open(builder, site, 0), 0,
			       python_close_stack(&python, "often"), "close");
	report = &scene_report(scene)->sites[0];
	assert_int_equal(report->close_count, 2);
	assert_int_equal(report->closes[0].count, 3);
	assert_string_equal(report->closes[0].stack.frames[3].function, "often");
	assert_int_equal(report->closes[1].count, 1);
	assert_int_equal(report->closes[1].ending, ENDING_CLOSED);
	scene_free(scene);
}

static void the_end_of_a_process_has_its_word(void **state)
{
	static const struct {
		uint32_t ended;
		const char *fate, *expected;
	} rows[] = {
		{ LEDGER_PROCESS_EXIT, NULL, "exit" },
		{ LEDGER_PROCESS_EXIT, "signal", "exit" },
		{ LEDGER_PROCESS_QUICK_EXIT, NULL, "exit" },
		{ LEDGER_PROCESS_UNDERSCORE_EXIT, NULL, "_exit" },
		{ LEDGER_PROCESS_EXEC, NULL, "exec" },
		{ LEDGER_PROCESS_RUNNING, "signal", "signal" },
		{ LEDGER_PROCESS_RUNNING, "_exit", "_exit" },
		{ LEDGER_PROCESS_RUNNING, NULL, "killed" },
		{ 99, NULL, "killed" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct scene *scene = scene_new();

		scene_add(scene, 0x7ffffff0)->header.ended = rows[i].ended;
		if (rows[i].fate)
			scene->fates[scene->fate_count++] =
				(struct process_fate){ .pid = 0x7ffffff0, .ended = rows[i].fate };
		assert_string_equal(scene_report(scene)->processes[0].ended, rows[i].expected);
		scene_free(scene);
	}
}

static void who_waited_for_a_process_knows_when_it_ended(void **state)
{
	struct scene *scene = scene_new();
	struct python_scene python = python_scene(scene, 0x7ffffff0);
	uint32_t site = builder_site(python.builder, python_opened(&python, "work", 10));
	uint32_t id = builder_open(python.builder, site, 0);
	struct ledger_connection *record =
		builder_record(python.builder, LEDGER_CONNECTIONS, id);
	const struct report *report;

	(void)state;
	python.builder->header.ended = LEDGER_PROCESS_RUNNING;
	python.builder->header.ended_at_ns = 0;
	record->last_use_at_ns = record->opened_at_ns + 1000;
	report = scene_report(scene);
	assert_int_equal(report->processes[0].ended_at_ns, 0);
	assert_true(report->sites[0].idle_max_ns < 2000000000);

	scene->fates[scene->fate_count++] = (struct process_fate){
		.pid = 0x7ffffff0,
		.ended = "killed",
		.at_ns = record->last_use_at_ns + 30000000000,
	};
	report = scene_report(scene);
	assert_int_equal(report->sites[0].idle_max_ns, 30000000000);
	assert_int_not_equal(report->processes[0].ended_at_ns, 0);
	scene_free(scene);
}

static void nothing_opened_is_nothing_wrong(void **state)
{
	struct scene *scene = scene_new();

	(void)state;
	assert_int_equal(scene_report(scene)->process_count, 0);
	assert_int_equal(scene->report->site_count, 0);
	assert_false(scene->report->is_failing);
	scene_add(scene, 1);
	assert_int_equal(scene_report(scene)->process_count, 1);
	assert_string_equal(scene->report->processes[0].command, "python3 app.py");
	assert_int_equal(scene->report->site_count, 0);
	assert_false(scene->report->is_failing);
	scene_free(scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_peak_is_replayed_where_all_is_on_record),
		cmocka_unit_test(times_are_real_and_spans_are_counted),
		cmocka_unit_test(what_has_left_its_slot_still_counts),
		cmocka_unit_test(what_began_a_transaction_outlives_its_slot),
		cmocka_unit_test(what_found_no_slot_is_open_at_exit),
		cmocka_unit_test(a_connection_of_no_known_site_is_not_lost),
		cmocka_unit_test(a_torn_connection_is_said_to_be_torn),
		cmocka_unit_test(close_stacks_are_summed_most_frequent_first),
		cmocka_unit_test(the_end_of_a_process_has_its_word),
		cmocka_unit_test(who_waited_for_a_process_knows_when_it_ended),
		cmocka_unit_test(nothing_opened_is_nothing_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
