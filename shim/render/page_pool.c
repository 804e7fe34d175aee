#include <inttypes.h>
#include <string.h>

#include "analyze/duration.h"
#include "render/page.h"

enum { POOLS_MAX = 4, HOLDERS_MAX = 8 }; /* without -v */

/* A pool that has all its connections tells nobody anything. */
static bool is_shown(const struct page *page, const struct report_pool *pool)
{
	return page->options->is_verbose || pool->count[POOL_STATE_CHECKED_OUT] ||
	       (pool->is_running && pool->count[POOL_STATE_UNKNOWN]);
}

static void times_write(struct page *page, const struct report_holder *holder)
{
	char least[DURATION_MAX], most[DURATION_MAX];

	duration_format(holder->min_ns, least);
	duration_format(holder->max_ns, most);
	if (strcmp(least, most))
		writer_format(&page->writer, "%s to ", least);
	writer_put(&page->writer, most);
}

static void holder_write(struct page *page, const struct report_holder *holder, bool is_now)
{
	struct writer *writer = &page->writer;
	bool is_out = holder->state == POOL_STATE_CHECKED_OUT;

	page_label(page, is_out ? "out" : "used");
	writer_format(writer, "%" PRIu64 " %sby ", holder->count, is_out ? "" : "last ");
	if (holder->by)
		page_place(page, holder->by);
	else
		writer_put(writer, "no line of the program that is known");
	writer_put(writer, is_out ? ", for " : ", ");
	times_write(page, holder);
	writer_put(writer, is_out ? "\n" : is_now ? " ago\n" : " before the end\n");
}

static void counts_write(struct page *page, const struct report_pool *pool)
{
	const uint64_t *count = pool->count;

	writer_format(&page->writer, "%" PRIu64 " open: %" PRIu64 " idle, %" PRIu64 " checked out",
		      count[POOL_STATE_IDLE] + count[POOL_STATE_CHECKED_OUT] +
		      count[POOL_STATE_UNKNOWN], count[POOL_STATE_IDLE],
		      count[POOL_STATE_CHECKED_OUT]);
	if (count[POOL_STATE_UNKNOWN])
		writer_format(&page->writer, ", %" PRIu64 " idle or checked out",
			      count[POOL_STATE_UNKNOWN]);
}

static void pool_write(struct page *page, const struct report_pool *pool)
{
	struct writer *writer = &page->writer;
	size_t shown = 0;

	page_heading(page, "pool", COLOR_BOLD);
	writer_name(writer, pool->library);
	writer_put(writer, *pool->type ? " " : "");
	writer_name(writer, pool->type);
	if (pool->number)
		writer_format(writer, " #%" PRIu64, pool->number);
	if (page->report->process_count > 1)
		writer_format(writer, " of pid %d", pool->pid);
	writer_put(writer, *pool->target ? " to " : "");
	writer_name(writer, pool->target);
	writer_put(writer, ": ");
	counts_write(page, pool);
	writer_put(writer, "\n");
	while (shown < pool->holder_count && (page->options->is_verbose || shown < HOLDERS_MAX))
		holder_write(page, &pool->holders[shown++], pool->is_running);
	if (shown < pool->holder_count) {
		page_label(page, "");
		writer_format(writer, "(%zu more lines: -v shows them)\n",
			      pool->holder_count - shown);
	}
}

void page_pools(struct page *page)
{
	const struct report *report = page->report;
	size_t shown = 0, hidden = 0;

	for (size_t i = 0; i < report->pool_count; i++) {
		if (!is_shown(page, &report->pools[i]))
			continue;
		if (shown == POOLS_MAX && !page->options->is_verbose) {
			hidden++;
			continue;
		}
		pool_write(page, &report->pools[i]);
		shown++;
	}
	if (hidden)
		writer_format(&page->writer, "\n  (%zu more pools: -v shows them)\n", hidden);
}
