/* The programs with a known answer (tests/programs), as their ledgers are: the report
 * says what their table says. */
#include "scene.h"

#include <stdio.h>
#include <string.h>

#include "fake_symbolizer.h"

static void assert_endings(const struct report_site *site, uint64_t closed, uint64_t collected,
			   uint64_t shutdown, uint64_t open)
{
	assert_int_equal(site->endings[ENDING_CLOSED], closed);
	assert_int_equal(site->endings[ENDING_COLLECTED], collected);
	assert_int_equal(site->endings[ENDING_SHUTDOWN], shutdown);
	assert_int_equal(site->endings[ENDING_OPEN], open);
	assert_int_equal(site->endings[ENDING_ABANDONED], 0);
}

/* 21 opened; the collector finishes 14 of the 20, the end of the interpreter the rest. */
static void engine_per_call_is_a_leak(void **state)
{
	struct scene *scene = scene_new();
	struct python_scene python = python_scene(scene, 4127);
	struct ledger_builder *builder = python.builder;
	uint32_t request = builder_site(builder, python_opened(&python, "handle_request", 19));
	uint32_t counter = builder_site(builder, python_opened(&python, "connections", 24));
	uint32_t connections[20], finalize = python_finalize_stack(&python);
	uint32_t collect = python_collect_stack(&python, "connections");
	const struct report_site *site;
	const struct report *report;

	(void)state;
	builder_open(builder, counter, builder_pool(builder, "sqlalchemy", "QueuePool"));
	for (int i = 0; i < 20; i++) {
		connections[i] = builder_open(builder, request, builder_pool(
						      builder, "sqlalchemy", "QueuePool"));
		if (i % 7 == 6)
			for (int j = i - 6; j <= i; j++)
				builder_finish(builder, connections[j],
					       LEDGER_COLLECTING | LEDGER_COLLECTING_KNOWN,
					       collect, "");
	}
	for (int i = 14; i < 20; i++)
		builder_finish(builder, connections[i], LEDGER_FINALIZING, finalize, "");
	builder_finish(builder, 1, LEDGER_FINALIZING, finalize, "");
	report = scene_report(scene);

	assert_true(report->is_failing);
	assert_int_equal(report->site_count, 2);
	assert_int_equal(report->processes[0].opened, 21);
	assert_int_equal(report->processes[0].closed, 0);
	assert_int_equal(report->processes[0].collected, 14);
	assert_int_equal(report->processes[0].shutdown, 7);
	assert_string_equal(report->processes[0].ended, "exit");
	assert_string_equal(report->processes[0].libpq[0].path,
			    "/usr/lib/x86_64-linux-gnu/libpq.so.5.15");

	site = &report->sites[0];
	assert_int_equal(site->verdict, VERDICT_LEAK);
	assert_string_equal(site->user_line.function, "handle_request");
	assert_int_equal(site->user_line.line, 19);
	assert_int_equal(site->count, 20);
	assert_int_equal(site->pools, 20);
	assert_int_equal(site->peak_open, 7);
	assert_endings(site, 0, 14, 6, 0);
	assert_string_equal(site->target, "postgres@127.0.0.1:5432/app");
	assert_says(site->diagnosis, "different sqlalchemy QueuePool");
	assert_says(site->cure, "create the engine once");
	assert_int_equal(report->verdict_count[VERDICT_LEAK], 1);
	assert_int_equal(report->verdict_connections[VERDICT_LEAK], 20);

	site = &report->sites[1];
	assert_int_equal(site->verdict, VERDICT_HELD);
	assert_string_equal(site->user_line.function, "connections");
	assert_int_equal(site->count, 1);
	/* The leak's pools are no reason to share this one's engine. */
	assert_string_equal(site->diagnosis, "idle in a sqlalchemy QueuePool until shutdown");
	scene_free(scene);
}

static void cached_session_holds_one_in_each_of_two_pools(void **state)
{
	struct scene *scene = scene_new();
	struct python_scene python = python_scene(scene, 1);
	struct ledger_builder *builder = python.builder;
	uint32_t request = builder_site(builder, python_opened(&python, "handle_request", 29));
	uint32_t counter = builder_site(builder, python_opened(&python, "connections", 34));
	uint32_t finalize = python_finalize_stack(&python);
	const struct report *report;

	(void)state;
	builder_open(builder, counter, builder_pool(builder, "sqlalchemy", "QueuePool"));
	builder_open(builder, request, builder_pool(builder, "sqlalchemy", "QueuePool"));
	builder_finish(builder, 1, LEDGER_FINALIZING, finalize, "");
	builder_finish(builder, 2, LEDGER_FINALIZING, finalize, "");
	report = scene_report(scene);

	assert_false(report->is_failing);
	assert_int_equal(report->site_count, 2);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(report->sites[i].verdict, VERDICT_HELD);
		assert_int_equal(report->sites[i].pools, 1);
		assert_endings(&report->sites[i], 0, 0, 1, 0);
		assert_says(report->sites[i].diagnosis, "2 pools for the same database");
		assert_says(report->sites[i].diagnosis, "each with one idle connection");
		assert_says(report->sites[i].cure, "share one engine");
	}
	assert_int_not_equal(report->sites[0].connections[0].pool,
			     report->sites[1].connections[0].pool);
	scene_free(scene);
}

static void session_never_returned_is_stuck(void **state)
{
	struct scene *scene = scene_new();
	struct python_scene python = python_scene(scene, 1);
	struct ledger_builder *builder = python.builder;
	uint32_t stack = python_opened(&python, "start_job", 16);
	uint32_t site_id = builder_site(builder, stack);
	uint32_t pool = builder_pool(builder, "sqlalchemy", "QueuePool");
	uint32_t finalize = python_finalize_stack(&python);
	const struct report_site *site;
	const struct report *report;

	(void)state;
	for (int i = 0; i < 4; i++)
		builder_begin(builder, builder_open(builder, site_id, pool), stack);
	for (uint32_t i = 1; i <= 4; i++)
		builder_finish(builder, i, LEDGER_FINALIZING, finalize, "");
	report = scene_report(scene);

	assert_true(report->is_failing);
	assert_int_equal(report->site_count, 1);
	site = &report->sites[0];
	assert_int_equal(site->verdict, VERDICT_STUCK);
	assert_int_equal(site->count, 4);
	assert_int_equal(site->pools, 1);
	assert_int_equal(site->peak_open, 4);
	assert_int_equal(site->in_transaction, 4);
	assert_endings(site, 0, 0, 4, 0);
	assert_says(site->diagnosis, "begun by start_job at app.py:16");
	assert_says(site->diagnosis, "never went back to the pool");
	assert_says(site->cure, "session.close()");
	assert_string_equal(site->connections[0].transaction, "intrans");
	assert_int_equal(site->connections[0].transaction_begun.count, 8);
	scene_free(scene);
}

static void scoped_session_removed_is_ok(void **state)
{
	struct scene *scene = scene_new();
	struct python_scene python = python_scene(scene, 1);
	struct ledger_builder *builder = python.builder;
	uint32_t site = builder_site(builder, python_opened(&python, "handle_request", 26));
	const struct report *report;

	(void)state;
	builder_open(builder, site, builder_pool(builder, "sqlalchemy", "QueuePool"));
	builder_finish(builder, 1, 0, python_close_stack(&python, "<module>"), "close");
	report = scene_report(scene);

	assert_false(report->is_failing);
	assert_int_equal(report->sites[0].verdict, VERDICT_OK);
	assert_endings(&report->sites[0], 1, 0, 0, 0);
	assert_string_equal(report->sites[0].diagnosis, "");
	assert_string_equal(report->sites[0].cure, "");
	scene_free(scene);
}

static void manual_transaction_is_held(void **state)
{
	struct scene *scene = scene_new();
	struct python_scene python = python_scene(scene, 1);
	struct ledger_builder *builder = python.builder;
	uint32_t site = builder_site(builder, python_opened(&python, "handle_request", 16));
	const struct report *report;

	(void)state;
	builder_open(builder, site, builder_pool(builder, "sqlalchemy", "QueuePool"));
	builder_finish(builder, 1, LEDGER_FINALIZING, python_finalize_stack(&python), "");
	report = scene_report(scene);

	assert_false(report->is_failing);
	assert_int_equal(report->sites[0].verdict, VERDICT_HELD);
	assert_says(report->sites[0].diagnosis, "idle in a sqlalchemy QueuePool until shutdown");
	scene_free(scene);
}

/* Three calls on two lines of main, below one function: `kept` and `forgotten`. */
static void forgotten_is_a_leak_of_two(void **state)
{
	static const char program[] = "/srv/forgotten", libc[] = "/lib/x86_64-linux-gnu/libc.so.6";
	struct scene *scene = scene_new();
	struct ledger_builder *builder = scene_add(scene, 1);
	uint32_t main_module = builder_module(builder, program, LEDGER_MODULE_MAIN);
	uint32_t libc_module = builder_module(builder, libc, 0);
	uint32_t call = builder_call(builder, "PQconnectdb"), sites[3];
	uint32_t below = builder_native(builder, libc_module, 0x271ca);
	uint32_t start = builder_native(builder, main_module, 0x900);
	uint32_t open_one = builder_native(builder, main_module, 0x100);
	const struct report_site *site;
	const struct report *report;

	(void)state;
	fake_line(program, 0x100, "open_one", "/srv/forgotten.c", 10);
	fake_line(program, 0x200, "main", "/srv/forgotten.c", 15);
	fake_line(program, 0x210, "main", "/srv/forgotten.c", 16);
	fake_line(program, 0x220, "main", "/srv/forgotten.c", 16);
	fake_line(program, 0x230, "main", "/srv/forgotten.c", 18);
	fake_symbol(program, 0x900, "_start");
	fake_symbol(libc, 0x271ca, "__libc_start_call_main");
	for (unsigned i = 0; i < 3; i++) {
		uint32_t in_main = builder_native(builder, main_module, 0x200 + i * 0x10);

		sites[i] = builder_site(builder, BUILDER_STACK(builder, call, open_one, in_main,
							       below, start));
		builder_open(builder, sites[i], 0);
	}
	builder_finish(builder, 1, 0, BUILDER_STACK(builder, builder_call(builder, "PQfinish"),
						    builder_native(builder, main_module, 0x230),
						    below, start), "");
	report = scene_report(scene);

	assert_true(report->is_failing);
	assert_int_equal(report->site_count, 2);
	site = &report->sites[0];
	assert_int_equal(site->verdict, VERDICT_LEAK);
	assert_int_equal(site->count, 2);
	assert_endings(site, 0, 0, 0, 2);
	assert_int_equal(site->peak_open, 2);
	assert_string_equal(site->user_line.function, "open_one");
	assert_int_equal(site->user_line.line, 10);
	assert_true(site->opened_stack.frames[2].is_user);
	assert_string_equal(site->opened_stack.frames[2].function, "main");
	assert_int_equal(site->opened_stack.frames[2].line, 16);
	assert_false(site->opened_stack.frames[0].is_user);
	assert_string_equal(site->opened_stack.frames[0].library, "libpq");
	assert_string_equal(site->opened_stack.frames[3].library, "libc");
	assert_false(site->opened_stack.frames[4].is_user);
	assert_says(site->diagnosis, "2 of 2 open at exit");
	assert_says(site->cure, "call PQfinish on every path");
	assert_int_equal(report->processes[0].open, 2);
	assert_int_equal(report->processes[0].closed, 1);

	site = &report->sites[1];
	assert_int_equal(site->verdict, VERDICT_OK);
	assert_endings(site, 1, 0, 0, 0);
	scene_free(scene);
}

static void failed_connect_is_failed(void **state)
{
	struct scene *scene = scene_new();
	struct ledger_builder *builder = scene_add(scene, 1);
	uint32_t module = builder_module(builder, "/srv/failed_connect", LEDGER_MODULE_MAIN);
	uint32_t frame = builder_native(builder, module, 0x100);
	uint32_t site_id = builder_site(builder, BUILDER_STACK(
		builder, builder_call(builder, "PQconnectdb"), frame));
	const struct report_site *site;
	const struct report *report;

	(void)state;
	fake_line("/srv/failed_connect", 0x100, "main", "/srv/failed_connect.c", 10);
	for (int i = 0; i < 3; i++)
		builder_fail(builder, builder_open(builder, site_id, 0), "3D000");
	report = scene_report(scene);

	assert_true(report->is_failing);
	site = &report->sites[0];
	assert_int_equal(site->verdict, VERDICT_FAILED);
	assert_int_equal(site->count, 3);
	assert_int_equal(site->endings[ENDING_FAILED_UNFINISHED], 3);
	assert_endings(site, 0, 0, 0, 0);
	assert_string_equal(site->connections[0].sqlstate, "3D000");
	assert_says(site->diagnosis, "3 failed with SQLSTATE 3D000 (the database does not exist)");
	assert_says(site->cure, "PQfinish also when the connect failed");
	assert_int_equal(report->processes[0].failed, 3);
	assert_int_equal(report->processes[0].open, 0);
	scene_free(scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(engine_per_call_is_a_leak),
		cmocka_unit_test(cached_session_holds_one_in_each_of_two_pools),
		cmocka_unit_test(session_never_returned_is_stuck),
		cmocka_unit_test(scoped_session_removed_is_ok),
		cmocka_unit_test(manual_transaction_is_held),
		cmocka_unit_test(forgotten_is_a_leak_of_two),
		cmocka_unit_test(failed_connect_is_failed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
