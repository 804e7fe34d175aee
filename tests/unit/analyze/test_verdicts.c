/* What a site's connections amount to, and the cause that is told for it. */
#include "scene.h"

#include <string.h>
#include <unistd.h>

#include "fake_symbolizer.h"

enum { PROCESS_RUNS = -1 };

/* One site of one Python process: how many connections went which way. */
struct story {
	const char *name;
	int closed, collected, shutdown, open, failed;
	int pools;   /* 0: none; else the connections take turns */
	bool is_in_transaction;
	int ended;   /* enum ledger_process_end, or PROCESS_RUNS */
	const char *fate;
	enum verdict expected;
	uint64_t at_fault;
	const char *cause, *cure;
};

static void process_end(struct scene *scene, struct ledger_builder *builder,
			const struct story *story)
{
	builder->header.ended = story->ended == PROCESS_RUNS ? LEDGER_PROCESS_RUNNING
							     : (uint32_t)story->ended;
	if (story->ended == PROCESS_RUNS) {
		builder->header.pid = getpid();
		builder->header.process_start_ticks = builder_start_ticks(getpid());
	}
	if (story->fate)
		scene->fates[scene->fate_count++] =
			(struct process_fate){ .pid = builder->header.pid, .ended = story->fate };
}

static void story_play(struct scene *scene, const struct story *story)
{
	struct python_scene python = python_scene(scene, 0x7ffffff0);
	struct ledger_builder *builder = python.builder;
	uint32_t stack = python_opened(&python, "work", 10), pools[32] = { 0 };
	uint32_t site = builder_site(builder, stack);
	uint32_t close = python_close_stack(&python, "work");
	uint32_t collect = python_collect_stack(&python, "work");
	uint32_t finalize = python_finalize_stack(&python);
	int count = story->closed + story->collected + story->shutdown + story->open;

	for (int i = 0; i < story->pools; i++)
		pools[i] = builder_pool(builder, "sqlalchemy", "QueuePool");
	for (int i = 0; i < count; i++) {
		uint32_t id = builder_open(builder, site,
					   story->pools ? pools[i % story->pools] : 0);

		if (story->is_in_transaction)
			builder_begin(builder, id, stack);
		if (i < story->closed)
			builder_finish(builder, id, 0, close, "close");
		else if (i < story->closed + story->collected)
			builder_finish(builder, id, 0, collect, "");
		else if (i < story->closed + story->collected + story->shutdown)
			builder_finish(builder, id, LEDGER_FINALIZING, finalize, "");
	}
	for (int i = 0; i < story->failed; i++)
		builder_fail(builder, builder_open(builder, site, 0), "53300");
	process_end(scene, builder, story);
}

#define EXIT LEDGER_PROCESS_EXIT

static const struct story stories[] = {
	/* closed, collected, shutdown, open, failed; pools, in transaction */
	{ "all closed", 5, 0, 0, 0, 0, 0, false, EXIT, NULL, VERDICT_OK, 5, "", "" },
	{ "closed in a transaction", 5, 0, 0, 0, 0, 0, true, EXIT, NULL, VERDICT_OK, 5, "", "" },
	{ "open at exit", 5, 0, 0, 1, 0, 0, false, EXIT, NULL, VERDICT_LEAK, 1,
	  "1 of 6 open at exit", "on every path" },
	{ "open at quick_exit", 0, 0, 0, 1, 0, 0, false, LEDGER_PROCESS_QUICK_EXIT, NULL,
	  VERDICT_LEAK, 1, "open at exit", "" },
	{ "abandoned by _exit", 0, 0, 0, 2, 0, 1, false, LEDGER_PROCESS_UNDERSCORE_EXIT, NULL,
	  VERDICT_LEAK, 2, "2 open when the process ended by _exit", "before the process ends" },
	{ "abandoned by exec", 0, 0, 0, 1, 0, 0, false, LEDGER_PROCESS_EXEC, NULL, VERDICT_LEAK, 1,
	  "became another program by exec", "before exec" },
	{ "abandoned by a signal", 0, 0, 0, 1, 0, 0, false, LEDGER_PROCESS_RUNNING, "signal",
	  VERDICT_LEAK, 1, "when a signal ended the process", "handle the signal" },
	{ "killed", 0, 0, 0, 1, 0, 0, false, LEDGER_PROCESS_RUNNING, NULL, VERDICT_LEAK, 1,
	  "when the process was killed", "" },
	{ "a pool for each, collected", 0, 3, 0, 0, 0, 3, false, EXIT, NULL, VERDICT_LEAK, 3,
	  "each came through a different sqlalchemy QueuePool", "create the engine once" },
	{ "more connections than pools", 0, 0, 8, 0, 0, 4, false, EXIT, NULL, VERDICT_LEAK, 8,
	  "8 connections through 4 different sqlalchemy QueuePool objects", "" },
	{ "two pools are no growth", 0, 0, 2, 0, 0, 2, false, EXIT, NULL, VERDICT_HELD, 2,
	  "2 pools for the same database, each with one", "share one engine" },
	{ "many of one pool are no growth", 0, 0, 5, 0, 0, 1, false, EXIT, NULL, VERDICT_HELD, 5,
	  "idle in a sqlalchemy QueuePool until shutdown", "engine.dispose()" },
	{ "two pools with more than one each", 0, 0, 4, 0, 0, 2, false, EXIT, NULL, VERDICT_HELD,
	  4, "2 pools for the same database, with 4 idle", "share one engine" },
	{ "growth without a pool", 0, 0, 3, 0, 0, 0, false, EXIT, NULL, VERDICT_LEAK, 3,
	  "3 connections opened one after the other and none closed", "" },
	{ "two without a pool", 0, 0, 2, 0, 0, 0, false, EXIT, NULL, VERDICT_HELD, 2,
	  "kept open until shutdown", "" },
	{ "most of a pool closed, one held", 3, 0, 1, 0, 0, 1, false, EXIT, NULL, VERDICT_HELD, 1,
	  "1 of 4 idle in a sqlalchemy QueuePool until shutdown", "engine.dispose()" },
	{ "one closed is no growth", 1, 0, 3, 0, 0, 0, false, EXIT, NULL, VERDICT_HELD, 3, "", "" },
	{ "dropped", 0, 4, 0, 0, 0, 0, false, EXIT, NULL, VERDICT_DROPPED, 4,
	  "4 by the garbage collector", "closing(" },
	{ "dropped with its pool", 0, 2, 0, 0, 0, 2, false, EXIT, NULL, VERDICT_DROPPED, 2,
	  "its pool was thrown away", "share one engine" },
	{ "most closed, some dropped", 7, 3, 0, 0, 0, 0, false, EXIT, NULL, VERDICT_DROPPED, 3,
	  "3 of 10 were never closed: the garbage collector", "call close() on every path" },
	{ "most of a pool closed, some dropped", 7, 3, 0, 0, 0, 1, false, EXIT, NULL,
	  VERDICT_DROPPED, 3, "3 of 10 were never closed", "with engine.connect()" },
	{ "some closed, some dropped, some kept", 3, 1, 2, 0, 0, 0, false, EXIT, NULL,
	  VERDICT_DROPPED, 1, "1 of 6 were never closed", "" },
	{ "dropped in a transaction", 4, 2, 0, 0, 0, 0, true, EXIT, NULL, VERDICT_STUCK, 2,
	  "2 of 6 were in a transaction begun by work at app.py:10, and never closed",
	  "on every path" },
	{ "stuck at shutdown", 0, 0, 2, 0, 0, 1, true, EXIT, NULL, VERDICT_STUCK, 2,
	  "begun by work at app.py:10", "session.close()" },
	{ "stuck at exit", 0, 0, 0, 1, 0, 0, true, EXIT, NULL, VERDICT_STUCK, 1,
	  "that nothing ended", "commit or roll back" },
	{ "stuck when killed", 0, 0, 0, 1, 0, 0, true, LEDGER_PROCESS_RUNNING, NULL,
	  VERDICT_STUCK, 1, "", "" },
	{ "working when looked at", 0, 0, 0, 1, 0, 1, true, PROCESS_RUNS, NULL, VERDICT_HELD, 1,
	  "1 checked out now, 1 in a transaction begun by work at app.py:10", "session.close()" },
	{ "open when looked at", 0, 0, 0, 5, 0, 0, false, PROCESS_RUNS, NULL, VERDICT_HELD, 5,
	  "open now", "" },
	{ "growing when looked at", 0, 0, 0, 5, 0, 5, false, PROCESS_RUNS, NULL, VERDICT_LEAK, 5,
	  "each came through a different", "" },
	{ "failed and never finished", 0, 0, 0, 0, 2, 0, false, EXIT, NULL, VERDICT_FAILED, 2,
	  "2 failed with SQLSTATE 53300 (too many connections)", "PQfinish also" },
	{ "more failed than left", 0, 0, 0, 1, 2, 0, false, EXIT, NULL, VERDICT_FAILED, 2, "", "" },
	{ "more left than failed", 0, 0, 0, 3, 2, 0, false, EXIT, NULL, VERDICT_LEAK, 3,
	  "3 of 5 open", "" },
};

static void every_story_has_its_verdict(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(stories) / sizeof(stories[0]); i++) {
		struct scene *scene = scene_new();
		const struct story *story = &stories[i];
		const struct report_site *site;
		bool is_failing = story->expected <= VERDICT_MISUSE;

		story_play(scene, story);
		site = &scene_report(scene)->sites[0];
		if (site->verdict != story->expected)
			fail_msg("%s: %s", story->name, verdict_name(site->verdict));
		assert_says(site->diagnosis, story->cause);
		assert_says(site->cure, story->cure);
		if (strchr(site->diagnosis, '{') || strchr(site->cure, '{'))
			fail_msg("%s: %s", site->diagnosis, site->cure);
		assert_int_equal(scene->report->verdict_count[site->verdict], 1);
		assert_int_equal(scene->report->verdict_connections[site->verdict],
				 story->at_fault);
		assert_int_equal(site->at_fault, story->at_fault);
		assert_int_equal(scene->report->is_failing, is_failing);
		scene_free(scene);
	}
}

static void what_fails_is_the_user_s_choice(void **state)
{
	struct scene *scene = scene_new();

	(void)state;
	scene->fail_on = 1u << VERDICT_HELD;
	story_play(scene, &(struct story){ .shutdown = 1, .ended = EXIT });
	assert_true(scene_report(scene)->is_failing);
	scene->fail_on = 0;
	assert_false(scene_report(scene)->is_failing);
	scene_free(scene);
}

/* Each worker has an engine of its own: no growth. */
static void workers_that_are_alike_do_not_grow(void **state)
{
	struct scene *scene = scene_new();
	const struct story story = { .shutdown = 1, .pools = 1, .ended = EXIT };

	(void)state;
	for (int i = 0; i < 4; i++)
		story_play(scene, &story);
	assert_int_equal(scene_report(scene)->site_count, 1);
	assert_int_equal(scene->report->sites[0].verdict, VERDICT_HELD);
	assert_int_equal(scene->report->sites[0].count, 4);
	assert_int_equal(scene->report->sites[0].pools, 4);
	assert_null(strstr(scene->report->sites[0].diagnosis, "pools for the same"));
	scene_free(scene);
}

static void half_in_a_transaction_are_stuck(void **state)
{
	static const struct {
		int idle, busy;
		enum verdict expected;
	} rows[] = { { 1, 1, VERDICT_STUCK }, { 2, 1, VERDICT_HELD }, { 1, 2, VERDICT_STUCK } };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct scene *scene = scene_new();

		story_play(scene, &(struct story){ .shutdown = rows[i].idle, .pools = 1,
						   .ended = EXIT });
		story_play(scene, &(struct story){ .shutdown = rows[i].busy, .pools = 1,
						   .is_in_transaction = true, .ended = EXIT });
		assert_int_equal(scene_report(scene)->site_count, 1);
		assert_int_equal(scene->report->sites[0].verdict, rows[i].expected);
		assert_int_equal(scene->report->sites[0].in_transaction, rows[i].busy);
		scene_free(scene);
	}
}

static void a_pool_that_is_gone_keeps_nothing(void **state)
{
	struct scene *scene = scene_new();

	(void)state;
	/* Of two pools the first was collected. */
	story_play(scene, &(struct story){ .collected = 1, .shutdown = 1, .pools = 2,
					   .ended = EXIT });
	assert_int_equal(scene_report(scene)->sites[0].verdict, VERDICT_DROPPED);
	assert_null(strstr(scene->report->sites[0].diagnosis, "2 pools"));
	scene_free(scene);
}

static void a_failed_connect_that_was_finished_is_fine(void **state)
{
	struct scene *scene = scene_new();
	struct python_scene python = python_scene(scene, 1);
	struct ledger_builder *builder = python.builder;
	uint32_t site = builder_site(builder, python_opened(&python, "work", 10)), id;
	const struct report *report;

	(void)state;
	for (int i = 0; i < 3; i++) {
		id = builder_open(builder, site, 0);
		builder_fail(builder, id, "53300");
		builder_finish(builder, id, 0, python_collect_stack(&python, "work"), "_connect");
	}
	report = scene_report(scene);
	assert_int_equal(report->sites[0].verdict, VERDICT_OK);
	assert_int_equal(report->sites[0].endings[ENDING_CLOSED], 3);
	assert_int_equal(report->processes[0].failed, 3);
	assert_int_equal(report->processes[0].closed, 3);
	scene_free(scene);
}

static void misuse_is_told_with_both_processes(void **state)
{
	struct scene *scene = scene_new();
	struct python_scene python = python_scene(scene, 815);
	struct ledger_builder *builder = python.builder;
	uint32_t opened = python_opened(&python, "work", 10);
	uint32_t finish = python_close_stack(&python, "child");
	uint32_t id = builder_open(builder, builder_site(builder, opened), 0);
	struct ledger_connection *record = builder_record(builder, LEDGER_CONNECTIONS, id);
	const struct report *report;

	(void)state;
	record->owner_pid = 812;
	builder_finish(builder, id, LEDGER_INHERITED, finish, "close");
	builder_misuse(builder, LEDGER_MISUSE_INHERITED_FINISH, id, finish);
	/* The child's counters know nothing of its parent's connections. */
	builder->header.opened = builder->header.finished = 0;
	memset(builder_record(builder, LEDGER_SITES, 1), 0, sizeof(struct ledger_site));
	report = scene_report(scene);

	assert_true(report->is_failing);
	assert_int_equal(report->site_count, 0);
	assert_int_equal(report->processes[0].opened, 0);
	assert_int_equal(report->processes[0].closed, 0);
	assert_int_equal(report->misuse_count, 1);
	assert_int_equal(report->verdict_count[VERDICT_MISUSE], 1);
	assert_string_equal(report->misuse[0].kind, "inherited finish");
	assert_says(report->misuse[0].diagnosis, "opened in pid 812, finished in its child 815");
	assert_int_equal(report->misuse[0].connection.ending, ENDING_CHILD_FINISH);
	assert_int_equal(report->misuse[0].stack_count, 2);
	assert_string_equal(report->misuse[0].stack_name[0], "opened");
	assert_int_equal(report->misuse[0].stack[0].count, 8);
	assert_string_equal(report->misuse[0].stack[1].frames[3].function, "child");
	scene_free(scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_story_has_its_verdict),
		cmocka_unit_test(what_fails_is_the_user_s_choice),
		cmocka_unit_test(workers_that_are_alike_do_not_grow),
		cmocka_unit_test(half_in_a_transaction_are_stuck),
		cmocka_unit_test(a_pool_that_is_gone_keeps_nothing),
		cmocka_unit_test(a_failed_connect_that_was_finished_is_fine),
		cmocka_unit_test(misuse_is_told_with_both_processes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
