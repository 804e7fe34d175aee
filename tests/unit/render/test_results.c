/* What a person reads of results that were not given back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "fixture.h"

static void what_was_not_given_back_is_told_with_its_line(void **state)
{
	static const char leak[] =
		"\nLEAK      212 of 1000 PGresults not cleared in pid 4127\n"
		"  made    open_one  /src/forgotten.c:7\n";
	static const char held[] =
		"\nheld      1 PGcancel not freed in pid 4127: ";
	struct report report = fixture_report();
	char *text = fixture_render("text", &report, false, false);

	(void)state;
	has(text, leak);
	has(text, "  cause   some path leaves\n  cure    call PQclear\n");
	has(text, held);
	has_not(text, "given back");
	free(text);
	text = fixture_render("text", &report, true, false);
	has(text, "\nok        7 conninfo arrays given back in pid 4130\n");
	free(text);
	/* One that is suppressed is not told, and the many are cut short. */
	struct report_result many[14];

	for (size_t i = 0; i < 14; i++)
		many[i] = report.results[0];
	many[0].is_suppressed = true;
	report.results = many;
	report.result_count = 14;
	text = fixture_render("text", &report, false, false);
	has(text, "\nnote      1 more line that keeps results: -v shows it\n");
	free(text);
}

static void a_leak_of_results_alone_is_a_reason_to_speak(void **state)
{
	struct report report = fixture_clean_report();
	struct report full = fixture_report();
	char *text;

	(void)state;
	report.results = &full.results[1];
	report.result_count = 1;
	report.result_verdicts[VERDICT_HELD] = 1;
	text = fixture_render("text", &report, false, false);
	assert_string_equal(text, "");
	free(text);
	report.results = full.results;
	report.result_verdicts[VERDICT_HELD] = 0;
	report.result_verdicts[VERDICT_LEAK] = 1;
	text = fixture_render("text", &report, false, false);
	has(text, "\nLEAK      212 of 1000 PGresults not cleared\n");
	has(text, "\nSUMMARY: pqleak: 1 leak of results\n");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_not_given_back_is_told_with_its_line),
		cmocka_unit_test(a_leak_of_results_alone_is_a_reason_to_speak),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
