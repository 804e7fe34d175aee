/* Libraries whose connections have causes and cures of their own, one row a site. */
#include "scene.h"

enum fate { COLLECTED, SHUTDOWN, STUCK_AT_SHUTDOWN };

#define GREENLET_SPAWN "greenlet_spawn", "/x/site-packages/sqlalchemy/util/concurrency.py"
#define SPAWN_OF_2_0 "greenlet_spawn", "/x/site-packages/sqlalchemy/util/_concurrency_py3k.py"
#define POOL "ConnectionPool._connect", "/x/site-packages/psycopg_pool/pool.py"
#define DJANGO "ensure_connection", "/x/site-packages/django/db/backends/base/base.py"

static const struct {
	const char *function, *file; /* the library's frame below the program's line */
	int count;
	enum fate fate;
	const char *pool; /* its library; NULL none */
	enum verdict expected;
	const char *cause, *cure;
} rows[] = {
	{ GREENLET_SPAWN, 3, SHUTDOWN, NULL, VERDICT_HELD,
	  "idle in a sqlalchemy pool until shutdown", "await engine.dispose()" },
	{ SPAWN_OF_2_0, 3, SHUTDOWN, NULL, VERDICT_HELD, "idle in a sqlalchemy pool", "await" },
	{ GREENLET_SPAWN, 3, COLLECTED, NULL, VERDICT_DROPPED, "3 of 3 were never closed: "
	  "the garbage collector did it, when an engine", "async with" },
	{ GREENLET_SPAWN, 3, STUCK_AT_SHUTDOWN, NULL, VERDICT_STUCK, "begun by work at app.py:10, "
	  "and its session or connection never went back to the pool", "AsyncSession" },
	{ DJANGO, 3, SHUTDOWN, NULL, VERDICT_LEAK, "3 connections opened and none closed by the "
	  "program: each thread has its own", "close_all() where each thread ends" },
	{ DJANGO, 3, COLLECTED, NULL, VERDICT_DROPPED, "when a thread that had one was over",
	  "close_all() where each thread ends" },
	{ DJANGO, 1, SHUTDOWN, NULL, VERDICT_HELD, "Django closes them at the end of a request",
	  "close_all() where the thread or script ends" },
	{ POOL, 2, COLLECTED, "psycopg_pool", VERDICT_DROPPED, "2 of 2 were never put back",
	  "with pool.connection()" },
};

static void site_play(struct python_scene *python, size_t row)
{
	enum fate fate = rows[row].fate;
	struct ledger_builder *builder = python->builder;
	uint32_t opened = BUILDER_STACK(builder, python->connect_call,
					builder_native(builder, python->psycopg2, 0x4000),
					builder_python(builder, rows[row].function,
						       rows[row].file, 1),
					builder_python(builder, "work", "/srv/app.py", 10));
	uint32_t site = builder_site(builder, opened);
	uint32_t collect = python_collect_stack(python, "work");
	uint32_t finalize = python_finalize_stack(python);
	uint32_t pool = rows[row].pool ? builder_pool(builder, rows[row].pool, "Pool") : 0;

	for (int i = 0; i < rows[row].count; i++) {
		uint32_t id = builder_open(builder, site, pool);

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

		site_play(&python, i);
		site = &scene_report(scene)->sites[0];
		assert_string_equal(verdict_name(site->verdict), verdict_name(rows[i].expected));
		assert_says(site->diagnosis, rows[i].cause);
		assert_says(site->cure, rows[i].cure);
		assert_int_equal(site->pools, rows[i].pool ? 1 : 0);
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
