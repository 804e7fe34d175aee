/* Exercises what the text report counts, and from when: headings, times, processes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "fixture.h"

static void the_time_of_idling_is_told_from_where_it_ends(void **state)
{
	static const struct {
		const char *ended;
		enum ending ending;
		size_t close_count;
		const char *expected;
	} rows[] = {
		{ "running", ENDING_OPEN, 0, "0.2 s to 3.1 s before now\n" },
		{ "running", ENDING_OPEN, 1, "0.2 s to 3.1 s before the end, or now\n" },
		{ "running", ENDING_SHUTDOWN, 1, "0.2 s to 3.1 s before the end\n" },
		{ "exit", ENDING_OPEN, 0, "0.2 s to 3.1 s before the end\n" },
		{ "killed", ENDING_OPEN, 0,
		  "0.2 s to 3.1 s before the last record of its process\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct report report = fixture_report();
		struct report_process process = report.processes[0];
		struct report_site site = report.sites[0];
		struct report_connection connection = site.connections[1];
		char *text;

		process.ended = rows[i].ended;
		process.ended_at_ns = strcmp(rows[i].ended, "exit") ? 0 : 1;
		report.processes = &process;
		report.process_count = 1;
		connection.ending = rows[i].ending;
		if (rows[i].ending == ENDING_OPEN)
			connection.ended_at_ns = 0;
		site.connections = &connection;
		site.connection_count = 1;
		site.close_count = rows[i].close_count;
		report.sites = &site;
		report.site_count = 1;
		text = fixture_render("text", &report, false, false);
		has(text, rows[i].expected);
		free(text);
	}
}

static void the_heading_counts_what_the_verdict_is_about(void **state)
{
	static const struct {
		enum verdict verdict;
		const char *expected;
	} rows[] = {
		{ VERDICT_LEAK, "\nLEAK      1 of 4 connections to " },
		{ VERDICT_FAILED, "\nFAILED    1 failed of 4 connections to " },
		{ VERDICT_DROPPED, "\ndropped   1 of 4 connections to " },
		{ VERDICT_HELD, "\nheld      1 of 4 connections to " },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct report report = fixture_report();
		struct report_site site = report.sites[0];
		char *text;

		site.verdict = rows[i].verdict;
		site.count = 4;
		site.at_fault = 1;
		report.sites = &site;
		report.site_count = 1;
		text = fixture_render("text", &report, false, false);
		has(text, rows[i].expected);
		free(text);
	}
}

static void a_process_that_opened_nothing_has_no_line(void **state)
{
	struct report report = fixture_report();
	struct report_process processes[20];
	char *text;

	(void)state;
	for (size_t i = 0; i < 20; i++) {
		processes[i] = report.processes[1];
		processes[i].pid = (int)(5000 + i);
		processes[i].opened = i < 4 || i == 19 ? 1 : 0;
	}
	report.processes = processes;
	report.process_count = 20;
	text = fixture_render("text", &report, false, false);
	has(text, "pqleak: 20 processes: 5 connections opened");
	has(text, "\n  pid 5003, ");
	has(text, "\n  pid 5019, ");
	has_not(text, "pid 5004");
	has_not(text, "more: -v shows them");
	free(text);
}

static void a_pool_says_who_has_its_connections(void **state)
{
	struct report report = fixture_report();
	char *text = fixture_render("text", &report, false, false);

	(void)state;
	has(text, "\npool      sqlalchemy QueuePool #3 of pid 4127 to postgres@127.0.0.1:5432/app: "
		  "7 open: 2 idle, 4 checked out, 1 idle or checked out\n"
		  "  out     3 by start_job jobs.py:12, for 2.0 s to 14.2 s\n"
		  "  out     1 by no line of the program that is known, for 1.0 s\n"
		  "  used    1 last by handle_request app.py:19, 2 h 0 min before the end\n");
	has_not(text, "NullPool");
	free(text);
	text = fixture_render("text", &report, true, false);
	has(text, "sqlalchemy NullPool #1 of pid 4127: 1 open: 1 idle, 0 checked out\n");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pool_says_who_has_its_connections),
		cmocka_unit_test(the_time_of_idling_is_told_from_where_it_ends),
		cmocka_unit_test(the_heading_counts_what_the_verdict_is_about),
		cmocka_unit_test(a_process_that_opened_nothing_has_no_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
