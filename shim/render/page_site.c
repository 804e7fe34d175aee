#include <inttypes.h>
#include <string.h>

#include "analyze/languages.h"
#include "analyze/user_line.h"
#include "render/page.h"

enum { LABEL_WIDTH = WRITER_INDENT - 2 };

/* What fails by default is written loud. */
static const struct {
	const char *word;
	enum writer_color color;
} headings[] = {
	[VERDICT_LEAK] = { "LEAK", COLOR_RED },       [VERDICT_STUCK] = { "STUCK", COLOR_RED },
	[VERDICT_FAILED] = { "FAILED", COLOR_RED },   [VERDICT_MISUSE] = { "MISUSE", COLOR_RED },
	[VERDICT_DROPPED] = { "dropped", COLOR_YELLOW }, [VERDICT_HELD] = { "held", COLOR_BOLD },
	[VERDICT_OK] = { "ok", COLOR_GREEN },
};

void page_label(struct page *page, const char *label)
{
	writer_put(&page->writer, "  ");
	if (*label) {
		writer_color(&page->writer, COLOR_BOLD);
		writer_put(&page->writer, label);
		writer_color(&page->writer, COLOR_NONE);
	}
	writer_pad(&page->writer, strlen(label) < LABEL_WIDTH ? LABEL_WIDTH - strlen(label) : 1);
}

void page_count(struct page *page, uint64_t count, const char *noun)
{
	writer_format(&page->writer, "%" PRIu64 " %s%s", count, noun, count == 1 ? "" : "s");
}

void page_heading(struct page *page, const char *word, enum writer_color color)
{
	writer_put(&page->writer, "\n");
	writer_color(&page->writer, color);
	writer_put(&page->writer, word);
	writer_color(&page->writer, COLOR_NONE);
	writer_pad(&page->writer, WRITER_INDENT - strlen(word));
}

void page_verdict(struct page *page, enum verdict verdict)
{
	page_heading(page, headings[verdict].word, headings[verdict].color);
}

/* Nobody holds what was closed unseen. */
static bool is_unseen(const struct report_site *site)
{
	return site->verdict == VERDICT_HELD &&
	       site->endings[ENDING_CLOSED_UNSEEN] == site->at_fault;
}

static void connection_target(struct page *page, const struct report_connection *connection)
{
	struct writer *writer = &page->writer;

	writer_put(writer, " to ");
	writer_name(writer, connection->user);
	writer_put(writer, "@");
	writer_name(writer, connection->host);
	writer_put(writer, ":");
	writer_name(writer, connection->port);
	writer_put(writer, "/");
	writer_name(writer, connection->database);
}

static void target_write(struct page *page, const struct report_site *site)
{
	if (*site->target) {
		writer_put(&page->writer, " to ");
		writer_name(&page->writer, site->target);
	} else if (site->connection_count && *site->connections[0].database) {
		connection_target(page, &site->connections[0]);
	}
}

/* A note is one line and its reason; a finding is a block. */
static bool is_note(const struct page *page, const struct report_site *site)
{
	/* Who holds is what such a report is about. */
	if (reason_is_about_holders(page->report->reason) && site->open_now)
		return false;
	return !page->options->is_verbose &&
	       (site->verdict == VERDICT_HELD || site->verdict == VERDICT_OK);
}

static void pools_write(struct page *page, const struct report_site *site)
{
	struct writer *writer = &page->writer;
	/* Then the cause follows, and tells which. */
	bool is_named_below = *site->pool_type && strstr(site->diagnosis, site->pool_type);

	if (site->pools == 0 || (is_named_below && is_note(page, site)))
		return;
	writer_put(writer, ", through ");
	page_count(page, site->pools, "pool");
	if (!*site->pool_library || is_named_below)
		return;
	writer_put(writer, " (");
	writer_name(writer, site->pool_library);
	writer_put(writer, *site->pool_type ? " " : "");
	writer_name(writer, site->pool_type);
	writer_put(writer, ")");
}

void page_advice(struct page *page, const char *label, const char *text)
{
	if (!*text)
		return;
	page_label(page, label);
	writer_name(&page->writer, text);
	writer_put(&page->writer, "\n");
}

/* How it rose, unless the cause says so. */
static void growth_write(struct page *page, const struct report_site *site)
{
	if (site->growth && site->verdict != VERDICT_OK && !strstr(site->diagnosis, site->growth))
		page_advice(page, "growth", site->growth);
}

static const struct report_frame *opener_of(const struct report_site *site)
{
	return site->user_line.is_user ? &site->user_line
				       : user_line_stand_in(&site->opened_stack,
							    site->pool_library);
}

/* What can be said of a program whose language is not read. */
static void caller_write(struct page *page, const struct report_site *site)
{
	const char *library;
	enum ledger_language caller = report_stack_caller(&site->opened_stack, &library);

	if (!caller)
		return;
	page_label(page, "from");
	writer_put(&page->writer, language_title(caller));
	writer_put(&page->writer, *library ? " through " : "");
	writer_name(&page->writer, library);
	writer_put(&page->writer, ": native frames only\n");
}

static bool is_same_line(const struct report_frame *one, const struct report_frame *other)
{
	return one->line == other->line && strcmp(one->file, other->file) == 0 &&
	       strcmp(one->function, other->function) == 0;
}

/* Where other sites have the same line, its callers tell them apart. */
static bool is_line_of_others(const struct page *page, const struct report_site *site)
{
	const struct report *report = page->report;

	for (size_t i = 0; i < report->site_count; i++)
		if (&report->sites[i] != site && report->sites[i].user_line.is_user &&
		    is_same_line(&report->sites[i].user_line, &site->user_line))
			return true;
	return false;
}

static const struct report_frame *caller_of_line(const struct report_site *site)
{
	const struct report_stack *stack = &site->opened_stack;
	bool is_behind = false;

	for (size_t i = 0; i < stack->count; i++) {
		if (stack->frames[i].is_user && is_behind)
			return &stack->frames[i];
		is_behind |= stack->frames[i].is_user;
	}
	return NULL;
}

static void note_place(struct page *page, const struct report_site *site,
		       const struct report_frame *opener)
{
	const struct report_frame *caller = caller_of_line(site);

	writer_put(&page->writer, ": ");
	page_place(page, opener);
	if (!opener->is_user || !caller || !is_line_of_others(page, site))
		return;
	writer_put(&page->writer, ", called by ");
	page_place(page, caller);
}

void page_site(struct page *page, const struct report_site *site)
{
	const struct report_frame *opener = opener_of(site);
	struct writer *writer = &page->writer;

	if (is_unseen(site))
		page_heading(page, "unseen", headings[VERDICT_HELD].color);
	else
		page_verdict(page, site->verdict);
	if (site->at_fault < site->count)
		writer_format(writer, "%" PRIu64 " %sof ", site->at_fault,
			      site->verdict == VERDICT_FAILED ? "failed " : "");
	page_count(page, site->count,
		   site->verdict == VERDICT_FAILED && site->at_fault == site->count
			   ? "failed connection" : "connection");
	target_write(page, site);
	pools_write(page, site);
	if (is_note(page, site) && opener)
		note_place(page, site, opener);
	writer_put(writer, "\n");
	/* Where the program's own line is not among those that opened, its users are. */
	if (is_note(page, site) && !(opener && opener->is_user))
		page_uses(page, site, true);
	if (!is_note(page, site)) {
		page_stack(page, "opened", &site->opened_stack, site);
		caller_write(page, site);
		page_endings(page, site);
		page_overdue(page, site);
		page_uses(page, site, false);
	}
	if (page->options->is_verbose) {
		page_connections(page, site);
		page_advice(page, "site", site->fingerprint);
	}
	growth_write(page, site);
	page_advice(page, "cause", site->diagnosis);
	page_advice(page, "cure", site->cure);
}

void page_misuse(struct page *page, const struct report_misuse *misuse)
{
	const struct report_connection *connection = &misuse->connection;

	page_verdict(page, VERDICT_MISUSE);
	writer_name(&page->writer, misuse->kind);
	if (misuse->connection.backend_pid || misuse->stack_count > 1)
		writer_put(&page->writer, " of a connection");
	if (*connection->database)
		connection_target(page, connection);
	writer_format(&page->writer, " in pid %d", connection->pid);
	if (misuse->count > 1)
		writer_format(&page->writer, ", %" PRIu64 " times", misuse->count);
	writer_put(&page->writer, "\n");
	/* Labels have a width. */
	for (size_t i = 0; i < misuse->stack_count; i++)
		page_stack(page, strcmp(misuse->stack_name[i], "finished") ?
				 misuse->stack_name[i] : "ended", &misuse->stack[i], NULL);
	page_advice(page, "cause", misuse->diagnosis);
	page_advice(page, "cure", misuse->cure);
}
