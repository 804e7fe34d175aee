/* Reports about limits, as a person reads them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fixture.h"

static char *rendered(enum reason reason)
{
	struct report report = fixture_limit_report(reason);

	return fixture_render("text", &report, false, false);
}

static void the_first_line_says_why_the_report_is_made(void **state)
{
	static const struct {
		enum reason reason;
		const char *line;
	} rows[] = {
		{ REASON_EXHAUSTION, "the server refused a connection: too many clients (53300); "
				     "this process holds 17 connections\n" },
		{ REASON_MAX_OPEN, "17 connections open, more than PQLEAK_MAX_OPEN=16\n" },
		{ REASON_MAX_AGE,
		  "2 connections open for longer than PQLEAK_MAX_AGE (1 min 0 s)\n" },
		{ REASON_MAX_TRANSACTION, "1 connection in a transaction for longer than "
					  "PQLEAK_MAX_TRANSACTION (0.2 s)\n" },
	};
	static const char name[] = "pqleak: python3 app.py (pid 41): ";

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *text = rendered(rows[i].reason);

		assert_memory_equal(text, name, strlen(name));
		assert_memory_equal(text + strlen(name), rows[i].line, strlen(rows[i].line));
		free(text);
	}
}

static void who_holds_is_shown_with_its_stack(void **state)
{
	char *text = rendered(REASON_EXHAUSTION);

	(void)state;
	assert_non_null(strstr(text, "\n  refused open_one"));
	assert_non_null(strstr(text, "\nheld      17 connections to "));
	assert_non_null(strstr(text, "\n  opened  handle_request  app.py:19"));
	assert_non_null(strstr(text, "\n  overdue 1 in a transaction for longer than "));
	assert_non_null(strstr(text, "\n  overdue 2 open for longer than "));
	free(text);
}

static void what_is_over_is_a_line_each_and_nothing_else(void **state)
{
	char *text = rendered(REASON_AFTER_ALL);

	(void)state;
	assert_string_equal(
		text,
		"pqleak: python3 app.py (pid 41): the transaction of backend 4711 begun in "
		"start_job jobs.py:12 ended after all, it lasted 12.3 s\n"
		"pqleak: python3 app.py (pid 41): 15 connections opened in handle_request "
		"app.py:19 were closed after all\n"
		"pqleak: python3 app.py (pid 41): the connection of backend 4712 was closed "
		"after all, it lasted 40 ms\n");
	free(text);
}

static void at_the_end_they_are_notes(void **state)
{
	struct report report = fixture_clean_report();
	struct report over = fixture_limit_report(REASON_AFTER_ALL);
	char *text;

	(void)state;
	report.after_all = over.after_all;
	report.after_all_count = 2;
	text = fixture_render("text", &report, false, false);
	assert_non_null(strstr(text, "\nnote      reported before: 15 connections opened in "
				     "handle_request app.py:19 were closed after all\n"));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_line_says_why_the_report_is_made),
		cmocka_unit_test(who_holds_is_shown_with_its_stack),
		cmocka_unit_test(what_is_over_is_a_line_each_and_nothing_else),
		cmocka_unit_test(at_the_end_they_are_notes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
