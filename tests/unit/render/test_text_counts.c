/* Exercises what the text report counts, and from when: headings, times, processes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "fixture.h"

static void has(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("no \"%s\" in:\n%s", part, text);
}

static void has_not(const char *text, const char *part)
{
	if (strstr(text, part))
		fail_msg("\"%s\" in:\n%s", part, text);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_process_that_opened_nothing_has_no_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
