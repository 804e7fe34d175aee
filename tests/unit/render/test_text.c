/* Exercises the text report: what a person reads, for a report built by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "fixture.h"

static void a_leak_is_a_block_with_opened_ended_used_cause_and_cure(void **state)
{
	struct report report = fixture_report();
	char *text = fixture_render("text", &report, false, false);

	(void)state;
	has(text, "\nLEAK      20 connections to postgres@127.0.0.1:5432/app, through 20 pools\n"
		  "  opened  handle_request  app.py:19   session.execute(text(\"select 1\"))\n"
		  "          <module>        app.py:30\n"
		  "          (4 frames in sqlalchemy, psycopg2, libpq: -v shows them)\n"
		  "  ended   9 by the garbage collector, 5 by the last reference, "
		  "6 at interpreter shutdown, 0 by the program\n"
		  "  used    last by handle_request app.py:19, 0.2 s to 3.1 s before the end\n"
		  "  cause   each came through a different sqlalchemy QueuePool: "
		  "create_engine runs per call\n"
		  "  cure    create the engine once and share it\n");
	free(text);
}

static void one_process_has_one_header_line_and_a_tree_a_line_each(void **state)
{
	struct report report = fixture_report();
	char *text = fixture_render("text", &report, false, false);

	(void)state;
	assert_int_equal(strncmp(text, "pqleak: 2 processes: 40 connections opened, "
				       "9 closed by the program, peak 7 open in one process\n"
				       "  pid 4127, python3 app.py: 37 opened, 9 closed by the "
				       "program, peak 7 open\n"
				       "  pid 4130, forgotten: 3 opened, 0 closed by the program, "
				       "peak 3 open, killed\n", 150), 0);
	free(text);
	report.process_count = 1;
	text = fixture_render("text", &report, false, false);
	has(text, "pqleak: python3 app.py (pid 4127): 37 connections opened, "
		  "9 closed by the program, peak 7 open\n\nLEAK");
	free(text);
}

static void every_verdict_says_what_is_its_own(void **state)
{
	static const char *const parts[] = {
		"\nSTUCK     4 connections to postgres@127.0.0.1:5432/app, through 1 pool ",
		"  begun   start_job  jobs.py:12   session.execute(q)\n",
		"4 open at exit, 0 by the program; 4 in a transaction\n",
		"\nFAILED    3 failed connections to postgres@127.0.0.1:5432/nowhere\n",
		"  error   SQLSTATE 3D000: the database does not exist\n",
		"  opened  open_one  /src/forgotten.c:7\n"
		"          ?         forgotten+0x12a0\n",
		"\nMISUSE    inherited finish of a connection to postgres@127.0.0.1:5432/app "
		"in pid 4127\n",
		"  misused open_one ",
		"\ndropped   1 connection to ",
		"\nheld      1 connection to postgres@127.0.0.1:5432/app, through 1 pool "
		"(sqlalchemy QueuePool): connections app.py:24\n"
		"  cause   idle in a pool until shutdown\n",
	};
	struct report report = fixture_report();
	char *text = fixture_render("text", &report, false, false);

	(void)state;
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		has(text, parts[i]);
	assert_true(strstr(text, "\nMISUSE") < strstr(text, "\ndropped"));
	has_not(text, "\nok ");
	has_not(text, "excused");
	/* The heading has said so. */
	has_not(text, "failed and never finished");
	free(text);
}

static void a_state_that_the_diagnosis_names_is_not_said_twice(void **state)
{
	struct report report = fixture_report();
	struct report_site site = report.sites[2];
	char *text;

	(void)state;
	site.diagnosis = "3 failed with SQLSTATE 3D000 (the database does not exist)";
	report.sites = &site;
	report.site_count = 1;
	text = fixture_render("text", &report, false, false);
	has(text, site.diagnosis);
	has_not(text, "  error ");
	free(text);
}

static void the_summary_is_the_last_line_and_tells_what_is_missing(void **state)
{
	static const char summary[] =
		"\nnote      12 records of pid 4127 found no room in its ledger: "
		"give a larger PQLEAK_LEDGER_MAX\n"
		"\nnote      2 damaged records: torn when the process was killed, or overwritten\n"
		"\nSUMMARY: pqleak: 1 leak (20 connections), 1 stuck (4 connections), "
		"1 failed (3 connections), 1 misuse, 1 dropped, 1 held, "
		"1 leak of results, results held at 1 line, 1 suppressed\n";
	struct report report = fixture_report();
	char *text = fixture_render("text", &report, false, false);

	(void)state;
	assert_true(strlen(text) > sizeof(summary));
	assert_string_equal(text + strlen(text) - strlen(summary), summary);
	free(text);
}

static void nothing_wrong_is_silence_and_one_line_when_verbose(void **state)
{
	struct report report = fixture_clean_report();
	char *text = fixture_render("text", &report, false, true);

	(void)state;
	assert_string_equal(text, "");
	free(text);
	text = fixture_render("text", &report, true, false);
	assert_string_equal(text, "pqleak: psql (pid 12): 1 connection opened, "
				  "1 closed by the program, peak 1 open: nothing wrong\n");
	free(text);
}

static void a_lost_or_damaged_record_is_never_silent(void **state)
{
	struct report report = fixture_clean_report();
	char *text;

	(void)state;
	report.damaged = 1;
	text = fixture_render("text", &report, false, false);
	has(text, "\nnote      1 damaged record: ");
	has(text, "SUMMARY: pqleak: nothing found\n");
	free(text);
}

static void verbose_shows_every_frame_site_connection_and_close(void **state)
{
	static const char *const parts[] = {
		"  opened  PQconnectdb         libpq.so+0x1234\n",
		"       >  handle_request      app.py:19   session.execute(text(\"select 1\"))\n",
		"          _create_connection  sqlalchemy.so+0x1234\n",
		"\nok        9 connections to ",
		"  each    pid 4127, backend 5001, 3.0 s old, idle 0.2 s, transaction idle, by the",
		", torn record\n",
		"  closed  9 by the garbage collector\n",
		"  closed  5 by the last reference\n",
		"  site    0123456789abcdef\n",
	};
	struct report report = fixture_report();
	char *text = fixture_render("text", &report, true, false);

	(void)state;
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		has(text, parts[i]);
	has_not(text, "-v shows");
	has_not(text, "excused");
	free(text);
}

static void at_most_six_of_the_users_frames_are_shown(void **state)
{
	struct report_frame deep[12];
	struct report report = fixture_report();
	struct report_site site = report.sites[0];
	char *text;

	(void)state;
	for (size_t i = 0; i < 12; i++)
		deep[i] = site.opened_stack.frames[i < 4 ? i : 4];
	for (uint32_t i = 0; i < 12; i++)
		deep[i].line = i + 100;
	site.opened_stack = (struct report_stack){ .frames = deep, .count = 12,
						   .is_truncated = true };
	report.sites = &site;
	report.site_count = 1;
	text = fixture_render("text", &report, false, false);
	has(text, "app.py:104");
	has(text, "app.py:109");
	has_not(text, "app.py:110");
	has(text, "(6 frames in the program, sqlalchemy, psycopg2, libpq: -v shows them)\n"
		  "          (the stack is deeper: PQLEAK_DEPTH keeps more)\n");
	free(text);
}

static void a_stack_without_user_frames_shows_what_there_is(void **state)
{
	struct report report = fixture_report();
	struct report_site site = report.sites[0];
	char *text;

	(void)state;
	site.opened_stack.count = 4; /* the four hidden ones */
	report.sites = &site;
	report.site_count = 1;
	text = fixture_render("text", &report, false, false);
	has(text, "  opened  connect  sqlalchemy.so+0x1234\n"
		  "          (3 frames in sqlalchemy, psycopg2, libpq: -v shows them)\n");
	free(text);
}

static void a_running_process_is_told_in_the_present(void **state)
{
	struct report report = fixture_report();
	struct report_process process = report.processes[0];
	char *text;

	(void)state;
	process.ended = "running";
	report.processes = &process;
	report.process_count = 1;
	text = fixture_render("text", &report, false, false);
	has(text, "peak 7 open, still running\n");
	has(text, "4 open now, 0 by the program");
	/* These have ended, whatever their process does. */
	has(text, "0.2 s to 3.1 s before the end\n");
	has_not(text, "3.1 s before now");
	free(text);
}

static void names_cannot_write_escape_sequences(void **state)
{
	struct report report = fixture_report();
	char *text = fixture_render("text", &report, true, false);

	(void)state;
	assert_null(strchr(text, '\033'));
	assert_null(strchr(text, '\007'));
	has(text, "evil\\x1b]0;owned\\x07");
	has(text, "caf\\xe9.py");
	has(text, "post\\x1b[31mgres@");
	free(text);
}

static void colour_comes_only_when_asked_for(void **state)
{
	struct report report = fixture_report();
	char *text = fixture_render("text", &report, false, true);

	(void)state;
	has(text, "\033[1;31mLEAK\033[0m");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_leak_is_a_block_with_opened_ended_used_cause_and_cure),
		cmocka_unit_test(one_process_has_one_header_line_and_a_tree_a_line_each),
		cmocka_unit_test(every_verdict_says_what_is_its_own),
		cmocka_unit_test(a_state_that_the_diagnosis_names_is_not_said_twice),
		cmocka_unit_test(the_summary_is_the_last_line_and_tells_what_is_missing),
		cmocka_unit_test(nothing_wrong_is_silence_and_one_line_when_verbose),
		cmocka_unit_test(a_lost_or_damaged_record_is_never_silent),
		cmocka_unit_test(verbose_shows_every_frame_site_connection_and_close),
		cmocka_unit_test(at_most_six_of_the_users_frames_are_shown),
		cmocka_unit_test(a_stack_without_user_frames_shows_what_there_is),
		cmocka_unit_test(a_running_process_is_told_in_the_present),
		cmocka_unit_test(names_cannot_write_escape_sequences),
		cmocka_unit_test(colour_comes_only_when_asked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
