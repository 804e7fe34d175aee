/* Libraries whose connections have causes and cures of their own, one row a site. */
#include "scene.h"

enum { OPENED = 3 };

enum fate { COLLECTED, SHUTDOWN, STUCK_AT_SHUTDOWN };

#define GREENLET_SPAWN "greenlet_spawn", "/x/site-packages/sqlalchemy/util/concurrency.py"
#define SPAWN_OF_2_0 "greenlet_spawn", "/x/site-packages/sqlalchemy/util/_concurrency_py3k.py"
#define DJANGO "ensure_connection", "/x/site-packages/django/db/backends/base/base.py"

static const struct {
	const char *function, *file; /* the library's frame below the program's line */
	enum fate fate;
	enum verdict expected;
	const char *cause, *cure;
} rows[] = {
	{ GREENLET_SPAWN, SHUTDOWN, VERDICT_HELD, "idle in a sqlalchemy pool until shutdown",
	  "await engine.dispose()" },
	{ SPAWN_OF_2_0, SHUTDOWN, VERDICT_HELD, "idle in a sqlalchemy pool", "await" },
	{ GREENLET_SPAWN, COLLECTED, VERDICT_DROPPED, "3 of 3 were never closed: the garbage "
	  "collector did it, when an engine", "async with" },
	{ GREENLET_SPAWN, STUCK_AT_SHUTDOWN, VERDICT_STUCK, "begun by work at app.py:10, and its "
	  "session or connection never went back to the pool", "AsyncSession" },
	{ DJANGO, SHUTDOWN, VERDICT_LEAK, "3 connections opened and none closed by the program: "
	  "each thread has its own", "close_all() where each thread ends" },
	{ DJANGO, COLLECTED, VERDICT_DROPPED, "when a thread that had one was over",
	  "close_all() where each thread ends" },
};

static void site_play(struct python_scene *python, const char *function, const char *file,
		      enum fate fate)
{
	struct ledger_builder *builder = python->builder;
	uint32_t opened = BUILDER_STACK(builder, python->connect_call,
					builder_native(builder, python->psycopg2, 0x4000),
					builder_python(builder, function, file, 1),
					builder_python(builder, "work", "/srv/app.py", 10));
	uint32_t site = builder_site(builder, opened);
	uint32_t collect = python_collect_stack(python, "work");
	uint32_t finalize = python_finalize_stack(python);

	for (int i = 0; i < OPENED; i++) {
		uint32_t id = builder_open(builder, site, 0);

		if (fate == STUCK_AT_SHUTDOWN)
			builder_begin(builder, id, opened);
		if (fate == COLLECTED)
			builder_finish(builder, id, LEDGER_COLLECTING, collect, "");
		else
			builder_finish(builder, id, LEDGER_FINALIZING, finalize, "");
	}
}

static void a_library_s_connections_have_causes_of_their_own(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct scene *scene = scene_new();
		struct python_scene python = python_scene(scene, 7);
		const struct report_site *site;

		site_play(&python, rows[i].function, rows[i].file, rows[i].fate);
		site = &scene_report(scene)->sites[0];
		assert_string_equal(verdict_name(site->verdict), verdict_name(rows[i].expected));
		assert_says(site->diagnosis, rows[i].cause);
		assert_says(site->cure, rows[i].cure);
		assert_int_equal(site->pools, 0);
		scene_free(scene);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_library_s_connections_have_causes_of_their_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
