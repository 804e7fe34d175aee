#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "analyze/languages.h"
#include "render/listed.h"
#include "render/page.h"

enum { PROCESSES_MAX = 12 };

static const struct {
	const char *ended, *words;
} ended_words[] = {
	{ "_exit", ", ended by _exit" },    { "exec", ", became another program by exec" },
	{ "signal", ", ended by a signal" }, { "killed", ", killed" },
	{ "running", ", still running" },
};

static const char *process_end(const struct report_process *process)
{
	for (size_t i = 0; i < sizeof(ended_words) / sizeof(ended_words[0]); i++) {
		if (!strcmp(ended_words[i].ended, process->ended))
			return ended_words[i].words;
	}
	return "";
}

static void totals_write(struct page *page, const struct report_process *process, bool is_short)
{
	if (is_short)
		writer_format(&page->writer, "%" PRIu64 " opened", process->opened);
	else
		page_count(page, process->opened, "connection");
	writer_format(&page->writer, "%s, %" PRIu64 " closed by the program, peak %" PRIu64 " open",
		      is_short ? "" : " opened", process->closed, process->peak_open);
}

/* One line, without its end: "pqleak: psql (pid 812): 1 connection opened, ...". */
static void header_write(struct page *page)
{
	const struct report *report = page->report;
	struct writer *writer = &page->writer;
	struct report_process sum = { 0 };

	for (size_t i = 0; i < report->process_count; i++) {
		sum.opened += report->processes[i].opened;
		sum.closed += report->processes[i].closed;
		if (report->processes[i].peak_open > sum.peak_open)
			sum.peak_open = report->processes[i].peak_open;
	}
	writer_put(writer, "pqleak: ");
	if (report->process_count == 1) {
		page_process(page, &report->processes[0]);
		if (page_reason(page))
			return;
		totals_write(page, &sum, false);
		writer_put(writer, process_end(&report->processes[0]));
	} else {
		writer_format(writer, "%zu processes: ", report->process_count);
		totals_write(page, &sum, false);
		writer_put(writer, " in one process");
	}
}

static void processes_write(struct page *page)
{
	const struct report *report = page->report;
	size_t shown = 0, hidden = 0;

	if (report->process_count == 1)
		return;
	for (size_t i = 0; i < report->process_count; i++) {
		if (report->processes[i].opened == 0)
			continue;
		if (!page->options->is_verbose && shown == PROCESSES_MAX) {
			hidden++;
			continue;
		}
		shown++;
		writer_format(&page->writer, "  pid %d, ", report->processes[i].pid);
		writer_name(&page->writer, report->processes[i].command);
		writer_put(&page->writer, ": ");
		totals_write(page, &report->processes[i], true);
		writer_put(&page->writer, process_end(&report->processes[i]));
		writer_put(&page->writer, "\n");
	}
	if (hidden)
		writer_format(&page->writer, "  (%zu more: -v shows them)\n", hidden);
}

/* Why frames have a module and an offset only. */
static void nameless_write(struct page *page)
{
	const struct report *report = page->report;

	if (!page->options->is_verbose)
		return;
	for (size_t i = 0; i < report->nameless_count; i++) {
		page_heading(page, "note", COLOR_BOLD);
		writer_put(&page->writer, "frames without names in ");
		writer_name(&page->writer, report->nameless[i].module);
		writer_put(&page->writer, ": ");
		writer_name(&page->writer, report->nameless[i].problem);
		writer_put(&page->writer, "\n");
	}
}

static const char *unread_reason(enum ledger_language language)
{
	switch (language) {
	case LEDGER_TCL:
	case LEDGER_R:
		return "its own cannot be read safely";
	case LEDGER_JAVASCRIPT:
		return "node --perf-basic-prof --interpreted-frames-native-stack has its functions";
	default:
		return "this version of it is not known";
	}
}

/* Each language once. */
static void native_only_write(struct page *page)
{
	const struct report *report = page->report;
	unsigned written = 0;

	for (size_t i = 0; i < report->process_count; i++)
		for (size_t j = 0; j < report->processes[i].native_only_count; j++) {
			enum ledger_language language = report->processes[i].native_only[j];

			if (written & 1u << language)
				continue;
			written |= 1u << language;
			page_heading(page, "note", COLOR_BOLD);
			writer_format(&page->writer, "%s: native frames only; %s\n",
				      language_title(language), unread_reason(language));
		}
}

/* What is missing from the report is part of the report. */
static void gaps_write(struct page *page)
{
	const struct report *report = page->report;
	struct writer *writer = &page->writer;

	for (size_t i = 0; i < report->process_count; i++) {
		if (report->processes[i].lost_records == 0)
			continue;
		page_heading(page, "note", COLOR_BOLD);
		page_count(page, report->processes[i].lost_records, "record");
		writer_format(writer, " of pid %d found no room in its ledger: "
			      "give a larger PQLEAK_LEDGER_MAX\n", report->processes[i].pid);
	}
	if (report->damaged) {
		page_heading(page, "note", COLOR_BOLD);
		page_count(page, report->damaged, "damaged record");
		writer_put(writer, ": torn when the process was killed, or overwritten\n");
	}
}

static void summary_write(struct page *page)
{
	const struct report *report = page->report;
	struct writer *writer = &page->writer;
	const char *separator = " ";

	writer_put(writer, "\nSUMMARY: pqleak:");
	for (int verdict = 0; verdict < VERDICT_OK; verdict++) {
		uint64_t sites = report->verdict_count[verdict];
		uint64_t connections = report->verdict_connections[verdict];

		if (sites == 0)
			continue;
		writer_format(writer, "%s%" PRIu64 " %s%s", separator, sites,
			      verdict_name((enum verdict)verdict),
			      verdict == VERDICT_LEAK && sites > 1 ? "s" : "");
		if (connections > sites) {
			writer_put(writer, " (");
			page_count(page, connections, "connection");
			writer_put(writer, ")");
		}
		separator = ", ";
	}
	if (report->result_verdicts[VERDICT_LEAK] || report->result_verdicts[VERDICT_HELD]) {
		page_results_summary(page, separator);
		separator = ", ";
	}
	if (report->suppressed) {
		writer_format(writer, "%s%" PRIu64 " suppressed", separator, report->suppressed);
		separator = ", ";
	}
	writer_put(writer, *separator == ' ' ? " nothing found\n" : "\n");
}

static bool is_shown(const struct page *page, const struct report_site *site)
{
	return !site->is_suppressed && (site->verdict != VERDICT_OK || page->options->is_verbose);
}

static bool is_anything_wrong(const struct report *report)
{
	for (size_t i = 0; i < report->site_count; i++) {
		if (report->sites[i].verdict != VERDICT_OK && !report->sites[i].is_suppressed)
			return true;
	}
	for (size_t i = 0; i < report->process_count; i++) {
		if (report->processes[i].lost_records)
			return true;
	}
	/* Many programs end in the middle of a result: a note of that breaks no silence. */
	return report->misuse_count || report->damaged || report->result_verdicts[VERDICT_LEAK] ||
	       report->after_all_count || reason_is_about_holders(report->reason);
}

static void nothing_write(struct page *page)
{
	const struct report *report = page->report;
	struct writer *writer = &page->writer;

	header_write(page);
	writer_put(writer, ": nothing wrong");
	if (report->suppressed) {
		writer_put(writer, ", ");
		page_count(page, report->suppressed, "suppressed site");
	}
	writer_put(writer, "\n");
}

static void report_write(struct page *page)
{
	const struct report *report = page->report;
	/* Misuse is a verdict of its own: its entries stand where its sites would. */
	bool is_misuse_written = false;

	header_write(page);
	writer_put(&page->writer, "\n");
	processes_write(page);
	page_refused(page);
	for (size_t i = 0; i <= report->site_count; i++) {
		bool is_past = i == report->site_count ||
			       (report->sites[i].verdict > VERDICT_MISUSE &&
				!reason_is_about_holders(report->reason));

		if (is_past && !is_misuse_written) {
			for (size_t m = 0; m < report->misuse_count; m++)
				page_misuse(page, &report->misuse[m]);
			is_misuse_written = true;
		}
		if (i < report->site_count && is_shown(page, &report->sites[i]))
			page_site(page, &report->sites[i]);
	}
	page_pools(page);
	page_results(page);
	page_after_all(page);
	nameless_write(page);
	native_only_write(page);
	gaps_write(page);
	summary_write(page);
}

static int text_render(FILE *out, const struct report *report,
		       const struct render_options *options)
{
	struct page page = { .options = options, .report = report,
			     .listed_max = listed_max_of(report) };

	writer_init(&page.writer, out, options->has_color, options->width);
	if (getcwd(page.directory, sizeof(page.directory) - 1))
		strcat(page.directory, "/");
	if (report->reason == REASON_AFTER_ALL)
		page_after_all_alone(&page);
	else if (is_anything_wrong(report))
		report_write(&page);
	else if (options->is_verbose)
		nothing_write(&page);
	return writer_finish(&page.writer);
}

const struct renderer renderer_text = { "text", text_render };
