/* Exercises what the text report shows of pools' own threads and of modules without names,
 * and how it fits a terminal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fixture.h"
#include "render/renderer.h"

static void what_a_pool_opened_by_itself_names_the_pool_and_who_used_it(void **state)
{
	static const struct report_frame opened[] = {
		{ .language = "c", .function = "PQconnectStart", .file = "", .build_id = "",
		  .module = "/lib/libpq.so", .library = "libpq" },
		{ .language = "python", .function = "Connection.connect", .module = "",
		  .file = "/v/lib/python3.11/site-packages/psycopg/connection.py", .line = 109,
		  .build_id = "", .library = "psycopg" },
		{ .language = "python", .function = "ConnectionPool._connect", .module = "",
		  .file = "/v/lib/python3.11/site-packages/psycopg_pool/pool.py", .line = 624,
		  .build_id = "", .library = "psycopg_pool" },
		{ .language = "python", .function = "Thread.run", .module = "", .build_id = "",
		  .file = "/usr/lib/python3.11/threading.py", .line = 982, .library = "python" },
	};
	struct report report = fixture_report();
	struct report_site site = report.sites[4];
	char *text;

	(void)state;
	site.user_line = (struct report_frame){ .language = "", .function = "", .file = "",
						.module = "", .build_id = "", .library = "" };
	site.user_source = "";
	site.opened_stack = (struct report_stack){ .frames = opened, .count = 4 };
	site.pool_library = "psycopg_pool";
	site.pool_type = "ConnectionPool";
	site.diagnosis = "idle in a psycopg_pool ConnectionPool until shutdown";
	site.connections = report.sites[0].connections;
	site.connection_count = 1;
	report.sites = &site;
	report.site_count = 1;
	text = fixture_render("text", &report, false, false);
	has(text, "\nheld      1 connection to postgres@127.0.0.1:5432/app: "
		  "ConnectionPool._connect psycopg_pool/pool.py:624\n"
		  "  used    last by handle_request app.py:19\n"
		  "  cause   idle in a psycopg_pool ConnectionPool until shutdown\n");
	free(text);
	site.verdict = VERDICT_LEAK;
	site.idle_min_ns = site.idle_max_ns = 2000000;
	text = fixture_render("text", &report, false, false);
	has(text, "  used    handle_request  app.py:19");
	has(text, "\n          last 2 ms before the end\n  cause ");
	free(text);
	text = fixture_render("text", &report, true, false);
	has(text, "          Thread.run               python3.11/threading.py:982\n");
	free(text);
}

/* asyncio.wait_for() and gather() open in tasks of their own: the program's line on that
 * stack only runs the loop. What the pool did to a connection that was closed tells nothing. */
static void what_a_task_opened_is_told_with_those_who_used_it(void **state)
{
	static const struct report_frame opened[] = {
		{ .language = "python", .function = "AsyncConnection.connect", .module = "",
		  .file = "/v/lib/python3.11/site-packages/psycopg/connection_async.py",
		  .line = 120, .build_id = "", .library = "psycopg" },
		{ .language = "python", .function = "Handle._run", .module = "", .build_id = "",
		  .file = "/usr/lib/python3.11/asyncio/events.py", .line = 80,
		  .library = "python" },
		{ .language = "python", .function = "<module>", .module = "", .build_id = "",
		  .file = "app.py", .line = 40, .library = "", .is_user = true },
	};
	struct report report = fixture_report();
	struct report_connection connections[] = { report.sites[0].connections[0],
						   report.sites[0].connections[0] };
	struct report_site site = report.sites[0];
	char *text;

	(void)state;
	connections[1].ending = ENDING_CLOSED;
	connections[1].last_use = (struct report_stack){ .frames = opened, .count = 3 };
	site.user_line = opened[2];
	site.opened_stack = (struct report_stack){ .frames = opened, .count = 3 };
	site.connections = connections;
	site.connection_count = 2;
	report.sites = &site;
	report.site_count = 1;
	text = fixture_render("text", &report, false, false);
	has(text, "\n  opened  <module>  app.py:40");
	has(text, "\n  used    handle_request  app.py:19");
	has(text, "\n          last 0.2 s to 3.1 s before the end\n  cause ");
	free(text);
}

static void a_module_without_names_is_explained_when_verbose(void **state)
{
	static const struct report_nameless nameless = { "/srv/old.so",
							 "the file has another build-id" };
	struct report report = fixture_report();
	char *text;

	(void)state;
	report.nameless = &nameless;
	report.nameless_count = 1;
	text = fixture_render("text", &report, false, false);
	has_not(text, "old.so");
	free(text);
	text = fixture_render("text", &report, true, false);
	has(text, "\nnote      frames without names in /srv/old.so: "
		  "the file has another build-id\n");
	free(text);
}

static size_t longest_line(const char *text)
{
	size_t longest = 0;

	while (*text) {
		size_t length = strcspn(text, "\n");

		longest = length > longest ? length : longest;
		text += length + (text[length] == '\n');
	}
	return longest;
}

static void a_terminals_lines_are_broken_between_words_and_sources_are_cut(void **state)
{
	struct report report = fixture_report();
	struct render_options options = { .width = 60 };
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	assert_int_equal(renderer_find("text")->render(out, &report, &options), 0);
	fclose(out);
	assert_int_equal(longest_line(text), 60);
	has(text, "\nLEAK      20 connections to postgres@127.0.0.1:5432/app,\n"
		  "          through 20 pools\n"
		  "  opened  handle_request  app.py:19   session.execute(te ...\n");
	has(text, "\n  cause   each came through a different sqlalchemy\n"
		  "          QueuePool: create_engine runs per call\n");
	free(text);
}

/* A language that is not read has no line to show: its name and its driver's are known. */
static void a_language_that_is_not_read_is_named(void **state)
{
	static const struct report_frame opened[] = {
		{ .language = "c", .function = "PQconnectdb", .file = "", .build_id = "",
		  .module = "/lib/libpq.so", .library = "libpq" },
		{ .language = "c", .function = "Pg_connect", .file = "", .build_id = "",
		  .module = "/lib/libpgtcl.so", .library = "pgtcl" },
		{ .language = "c", .function = "TclNRRunCallbacks", .file = "", .build_id = "",
		  .module = "/lib/libtcl8.6.so", .library = "tcl" },
	};
	struct report report = fixture_report();
	struct report_site site = report.sites[0];
	char *text;

	(void)state;
	site.user_line = (struct report_frame){ .function = "", .file = "" };
	site.opened_stack = (struct report_stack){ .frames = opened, .count = 3 };
	report.sites = &site;
	report.site_count = 1;
	text = fixture_render("text", &report, false, false);
	has(text, "\n  from    Tcl through pgtcl: native frames only\n");
	has(text, "\nnote      Tcl: native frames only; its own cannot be read safely\n");
	has(text, "\nnote      JavaScript: native frames only; node --perf-basic-prof ");
	free(text);
	report.process_count = 1;
	text = fixture_render("text", &report, false, false);
	has_not(text, "\nnote      Tcl");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_language_that_is_not_read_is_named),
		cmocka_unit_test(what_a_pool_opened_by_itself_names_the_pool_and_who_used_it),
		cmocka_unit_test(what_a_task_opened_is_told_with_those_who_used_it),
		cmocka_unit_test(a_module_without_names_is_explained_when_verbose),
		cmocka_unit_test(a_terminals_lines_are_broken_between_words_and_sources_are_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
