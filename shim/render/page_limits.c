#include <inttypes.h>

#include "analyze/duration.h"
#include "render/page.h"

static void limit_write(struct page *page, const char *option, uint64_t limit_ns)
{
	char text[DURATION_MAX];

	duration_format(limit_ns, text);
	writer_format(&page->writer, " for longer than %s (%s)", option, text);
}

static void refusal_write(struct page *page)
{
	const char *sqlstate = page->report->reason_detail;

	writer_put(&page->writer, "the server refused a connection: too many clients");
	if (*sqlstate) {
		writer_put(&page->writer, " (");
		writer_name(&page->writer, sqlstate);
		writer_put(&page->writer, ")");
	}
	writer_put(&page->writer, "; this process holds ");
	page_count(page, page->report->open_now, "connection");
}

void page_process(struct page *page, const struct report_process *process)
{
	writer_name(&page->writer, process->command);
	writer_format(&page->writer, " (pid %d): ", process->pid);
}

bool page_reason(struct page *page)
{
	const struct report *report = page->report;
	struct writer *writer = &page->writer;

	switch (report->reason) {
	case REASON_EXHAUSTION:
		refusal_write(page);
		return true;
	case REASON_MAX_OPEN:
		page_count(page, report->open_now, "connection");
		writer_format(writer, " open, more than PQLEAK_MAX_OPEN=%" PRIu64,
			      report->max_open);
		return true;
	case REASON_MAX_AGE:
		page_count(page, report->overdue_age, "connection");
		writer_put(writer, " open");
		limit_write(page, "PQLEAK_MAX_AGE", report->max_age_ns);
		return true;
	case REASON_MAX_TRANSACTION:
		page_count(page, report->overdue_transaction, "connection");
		writer_put(writer, " in a transaction");
		limit_write(page, "PQLEAK_MAX_TRANSACTION", report->max_transaction_ns);
		return true;
	default:
		return false;
	}
}

void page_refused(struct page *page)
{
	page_stack(page, "refused", &page->report->refused, NULL);
}

void page_overdue(struct page *page, const struct report_site *site)
{
	if (site->overdue_transaction) {
		page_label(page, "overdue");
		writer_format(&page->writer, "%" PRIu64 " in a transaction",
			      site->overdue_transaction);
		limit_write(page, "PQLEAK_MAX_TRANSACTION", page->report->max_transaction_ns);
		writer_put(&page->writer, "\n");
	}
	if (site->overdue_age) {
		page_label(page, "overdue");
		writer_format(&page->writer, "%" PRIu64 " open", site->overdue_age);
		limit_write(page, "PQLEAK_MAX_AGE", page->report->max_age_ns);
		writer_put(&page->writer, "\n");
	}
}

static void over_write(struct page *page, const struct report_after_all *over)
{
	struct writer *writer = &page->writer;
	const char *noun = over->is_transaction ? "transaction" : "connection";
	char text[DURATION_MAX];

	if (over->count == 1)
		writer_format(writer, "the %s of backend %d", noun, over->backend_pid);
	else
		page_count(page, over->count, noun);
	if (*over->line.function || *over->line.file) {
		writer_put(writer, over->is_transaction ? " begun in " : " opened in ");
		page_place(page, &over->line);
	}
	writer_put(writer, over->is_transaction ? " ended after all" :
		   over->count == 1 ? " was closed after all" : " were closed after all");
	if (over->count == 1) {
		duration_format(over->lasted_ns, text);
		writer_format(writer, ", it lasted %s", text);
	}
	writer_put(writer, "\n");
}

void page_after_all(struct page *page)
{
	const struct report *report = page->report;

	for (size_t i = 0; i < report->after_all_count; i++) {
		page_heading(page, "note", COLOR_BOLD);
		writer_put(&page->writer, "reported before: ");
		over_write(page, &report->after_all[i]);
	}
}

void page_after_all_alone(struct page *page)
{
	const struct report *report = page->report;

	for (size_t i = 0; i < report->after_all_count; i++) {
		writer_put(&page->writer, "pqleak: ");
		page_process(page, &report->processes[0]);
		over_write(page, &report->after_all[i]);
	}
}
