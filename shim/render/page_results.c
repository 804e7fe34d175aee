#include <inttypes.h>

#include "analyze/user_line.h"
#include "render/page.h"

enum { RESULTS_MAX = 12 }; /* without -v */

static bool is_shown(const struct page *page, const struct report_result *result)
{
	return !result->is_suppressed &&
	       (result->verdict != VERDICT_OK || page->options->is_verbose);
}

/* "212 of 1000 PGresults not cleared", "1 PGcancel not freed", "7 PGresults given back". */
static void amounts_write(struct page *page, const struct report_result *result)
{
	struct writer *writer = &page->writer;
	bool is_ok = result->verdict == VERDICT_OK;

	if (result->open && result->open < result->made)
		writer_format(writer, "%" PRIu64 " of ", result->open);
	writer_format(writer, "%" PRIu64 " ", result->made);
	writer_put(writer, result->made == 1 ? result->one : result->several);
	writer_put(writer, " ");
	writer_put(writer, is_ok ? "given back" : result->not_done);
	if (page->report->process_count > 1)
		writer_format(writer, " in pid %d", result->pid);
}

static void result_write(struct page *page, const struct report_result *result)
{
	bool is_note = result->verdict != VERDICT_LEAK && !page->options->is_verbose;
	const struct report_frame *maker = user_line_stand_in(&result->stack, "");

	page_verdict(page, result->verdict);
	amounts_write(page, result);
	if (is_note && maker) {
		writer_put(&page->writer, ": ");
		page_place(page, maker);
	}
	writer_put(&page->writer, "\n");
	if (!is_note)
		page_stack(page, "made", &result->stack, NULL);
	if (page->options->is_verbose)
		page_advice(page, "site", result->fingerprint);
	page_advice(page, "cause", result->diagnosis);
	page_advice(page, "cure", result->cure);
}

void page_results(struct page *page)
{
	const struct report *report = page->report;
	size_t shown = 0, hidden = 0;

	for (size_t i = 0; i < report->result_count; i++) {
		if (!is_shown(page, &report->results[i]))
			continue;
		if (shown == RESULTS_MAX && !page->options->is_verbose) {
			hidden++;
			continue;
		}
		shown++;
		result_write(page, &report->results[i]);
	}
	if (hidden) {
		page_heading(page, "note", COLOR_BOLD);
		page_count(page, hidden, "more line");
		writer_put(&page->writer, hidden == 1 ? " that keeps results: -v shows it\n"
						      : " that keep results: -v shows them\n");
	}
}

void page_results_summary(struct page *page, const char *separator)
{
	const uint64_t *verdicts = page->report->result_verdicts;
	struct writer *writer = &page->writer;

	if (verdicts[VERDICT_LEAK])
		writer_format(writer, "%s%" PRIu64 " leak%s of results", separator,
			      verdicts[VERDICT_LEAK], verdicts[VERDICT_LEAK] > 1 ? "s" : "");
	if (verdicts[VERDICT_HELD])
		writer_format(writer, "%sresults held at %" PRIu64 " line%s",
			      verdicts[VERDICT_LEAK] ? ", " : separator, verdicts[VERDICT_HELD],
			      verdicts[VERDICT_HELD] > 1 ? "s" : "");
}
