/* The text report while it is written, and its parts. Only text.c and the files
 * of the parts use it.
 */
#ifndef RENDER_PAGE_H
#define RENDER_PAGE_H

#include <limits.h>
#include <stdbool.h>

#include "render/renderer.h"
#include "render/writer.h"

struct page {
	struct writer writer;
	const struct render_options *options;
	const struct report *report;
	size_t listed_max; /* by a site, in the JSON of the same report */
	char directory[PATH_MAX]; /* the current one, with '/' at the end; "" unknown */
};

/* Begins a line of a block: "  opened  ". */
void page_label(struct page *page, const char *label);

/* "1 connection", "20 connections". */
void page_count(struct page *page, uint64_t count, const char *noun);

/* Begins a block: "LEAK      ". */
void page_heading(struct page *page, const char *word, enum writer_color color);

/* The same, in the verdict's words and colour. */
void page_verdict(struct page *page, enum verdict verdict);

/* A line of words, "cause" or "cure"; nothing when there are none. */
void page_advice(struct page *page, const char *label, const char *text);

/* "handle_request app.py:19": what is known of it. */
void page_place(struct page *page, const struct report_frame *frame);

/* page_stack.c: the user's own frames beside `label`, aligned, then what is hidden;
 * with is_verbose every frame, the user's own marked. `site` may be NULL. Nothing for
 * an empty stack. */
void page_stack(struct page *page, const char *label, const struct report_stack *stack,
		const struct report_site *site);

/* page_connection.c: lines about one connection or all of a site's. */
void page_endings(struct page *page, const struct report_site *site);
/* `is_brief`: who used it is one line. */
void page_uses(struct page *page, const struct report_site *site, bool is_brief);
void page_connections(struct page *page, const struct report_site *site);

/* page_states.c: why its connects failed, where the diagnosis does not name the SQLSTATE. */
void page_states(struct page *page, const struct report_site *site);

/* page_limits.c: why the report is made, in a clause after the process's name; false for one
 * that no limit asked for. */
bool page_reason(struct page *page);
void page_refused(struct page *page);
/* Those of a site that are beyond a limit. */
void page_overdue(struct page *page, const struct report_site *site);
/* What was reported too early: notes, or the lines of a report that is of nothing else. */
void page_after_all(struct page *page);
void page_after_all_alone(struct page *page);
/* "python3 app.py (pid 41): ". */
void page_process(struct page *page, const struct report_process *process);
/* page_pool.c: who has the connections of pools, where somebody may. */
void page_pools(struct page *page);

/* page_results.c: what was not given back, and what the summary says of it, behind
 * `separator`. */
void page_results(struct page *page);
void page_results_summary(struct page *page, const char *separator);

/* page_site.c */
void page_site(struct page *page, const struct report_site *site);
void page_misuse(struct page *page, const struct report_misuse *misuse);

#endif
