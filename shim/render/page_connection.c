#include <inttypes.h>
#include <string.h>

#include "analyze/user_line.h"
#include "analyze/duration.h"
#include "render/page.h"

enum { CONNECTIONS_MAX = 100 };

static const struct report_process *process_find(const struct report *report, int pid)
{
	for (size_t i = 0; i < report->process_count; i++) {
		if (report->processes[i].pid == pid)
			return &report->processes[i];
	}
	return NULL;
}

/* It stands: it was not finished, and its process still runs. */
static bool is_standing(const struct page *page, const struct report_connection *connection)
{
	const struct report_process *process = process_find(page->report, connection->pid);

	return !connection->ended_at_ns && process && !strcmp(process->ended, "running");
}

static bool is_running(const struct page *page, const struct report_site *site)
{
	for (size_t i = 0; i < site->connection_count; i++) {
		if (is_standing(page, &site->connections[i]))
			return true;
	}
	return false;
}

static bool is_any_over(const struct page *page, const struct report_site *site)
{
	if (site->close_count)
		return true;
	for (size_t i = 0; i < site->connection_count; i++) {
		if (!is_standing(page, &site->connections[i]))
			return true;
	}
	return false;
}

static const char *ending_words(const struct page *page, const struct report_site *site,
				enum ending ending, enum how how)
{
	switch (ending) {
	case ENDING_COLLECTED:
	case ENDING_SHUTDOWN:
		return how_words(how);
	case ENDING_OPEN:
		return is_running(page, site) ? "open now" : "open at exit";
	case ENDING_ABANDONED:
		return "abandoned when the process was cut off";
	case ENDING_FAILED_UNFINISHED:
		return "failed and never finished";
	case ENDING_CHILD_FINISH:
		return "by a forked child";
	case ENDING_CLOSED_UNSEEN:
		return "closed unseen: its socket is gone";
	case ENDING_CLOSED:
	case ENDING_COUNT:
		break;
	}
	return "by the program";
}

static void count_write(struct page *page, uint64_t count, const char *words, bool *is_first)
{
	writer_format(&page->writer, "%s%" PRIu64 " %s", *is_first ? "" : ", ", count, words);
	*is_first = false;
}

static void hows_write(struct page *page, const uint64_t *hows, bool *is_first)
{
	for (int how = 0; how < HOW_COUNT; how++) {
		if (hows[how])
			count_write(page, hows[how], how_words((enum how)how), is_first);
	}
}

void page_endings(struct page *page, const struct report_site *site)
{
	/* The program's own closes come last: their count, also 0, is the point. */
	static const enum ending order[] = { ENDING_OPEN, ENDING_ABANDONED,
					     ENDING_FAILED_UNFINISHED, ENDING_CHILD_FINISH,
					     ENDING_CLOSED_UNSEEN, ENDING_CLOSED };
	struct writer *writer = &page->writer;
	bool is_first = true;

	/* The heading says it. */
	if (site->verdict == VERDICT_FAILED &&
	    site->endings[ENDING_FAILED_UNFINISHED] == site->count)
		return;
	page_label(page, "ended");
	hows_write(page, site->collected_how, &is_first);
	hows_write(page, site->shutdown_how, &is_first);
	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		uint64_t count = site->endings[order[i]];

		if (count == 0 && order[i] != ENDING_CLOSED)
			continue;
		count_write(page, count, ending_words(page, site, order[i], HOW_CALL), &is_first);
	}
	if (site->in_transaction)
		writer_format(writer, "; %" PRIu64 " in a transaction", site->in_transaction);
	writer_put(writer, "\n");
}

static const struct report_stack *begin_of(const struct report_connection *connection)
{
	return &connection->transaction_begun;
}

static const struct report_stack *use_of(const struct report_connection *connection)
{
	return &connection->last_use;
}

/* What is told of a site is about those that the program did not close, and that it used
 * itself: a pool uses connections, too. */
static unsigned telling(const struct report_connection *connection,
			const struct report_stack *stack)
{
	return 1u + (user_line_inside_loop(stack) != NULL) +
	       2u * (connection->ending != ENDING_CLOSED);
}

/* The newest of those that tell most; NULL when there is none. */
static const struct report_stack *
newest(const struct report_site *site,
       const struct report_stack *(*stack_of)(const struct report_connection *connection))
{
	const struct report_stack *best = NULL;
	unsigned most = 0;

	for (size_t i = site->connection_count; i-- > 0;) {
		const struct report_connection *connection = &site->connections[i];
		const struct report_stack *stack = stack_of(connection);

		if (stack->count && telling(connection, stack) > most) {
			most = telling(connection, stack);
			best = stack;
		}
	}
	return best;
}

/* Killed, and nobody waited for it: what it did last is the last that is known of it. */
static bool is_end_unknown(const struct page *page, const struct report_site *site)
{
	for (size_t i = 0; i < site->connection_count; i++) {
		const struct report_connection *connection = &site->connections[i];
		const struct report_process *process =
			process_find(page->report, connection->pid);

		if (!connection->ended_at_ns && process && !strcmp(process->ended, "killed") &&
		    !process->ended_at_ns)
			return true;
	}
	return false;
}

static const char *end_words(const struct page *page, const struct report_site *site)
{
	if (!is_running(page, site))
		return is_end_unknown(page, site) ? "the last record of its process" : "the end";
	return is_any_over(page, site) ? "the end, or now" : "now";
}

static void idle_write(struct page *page, const struct report_site *site, const char *before)
{
	const char *end = end_words(page, site);
	char least[DURATION_MAX], most[DURATION_MAX];

	if (site->idle_max_ns == 0)
		return;
	writer_put(&page->writer, before);
	duration_format(site->idle_min_ns, least);
	duration_format(site->idle_max_ns, most);
	if (!strcmp(least, most))
		writer_format(&page->writer, "%s before %s", most, end);
	else
		writer_format(&page->writer, "%s to %s before %s", least, most, end);
}

/* Since when the longest of the transactions lasts, and how many are in error. */
static void lasting_write(struct page *page, const struct report_site *site)
{
	char longest[DURATION_MAX];
	uint64_t lasting_ns = 0;
	size_t failed = 0;

	for (size_t i = 0; i < site->connection_count; i++) {
		const struct report_connection *connection = &site->connections[i];
		uint64_t end_ns = connection->opened_at_ns + connection->age_ns;

		if (!connection->transaction_begun_at_ns)
			continue;
		failed += !strcmp(connection->transaction, "inerror");
		if (end_ns > connection->transaction_begun_at_ns + lasting_ns)
			lasting_ns = end_ns - connection->transaction_begun_at_ns;
	}
	duration_format(lasting_ns, longest);
	page_label(page, "");
	writer_format(&page->writer, "%s%s before %s", site->in_transaction > 1 ? "up to " : "",
		      longest, end_words(page, site));
	if (failed)
		writer_format(&page->writer, "; %zu in error: only a rollback is obeyed", failed);
	writer_put(&page->writer, "\n");
}

/* What no line of the program opened is known by who used it. */
static void users_write(struct page *page, const struct report_site *site,
			const struct report_stack *users)
{
	page_stack(page, "used", users, NULL);
	if (site->idle_max_ns == 0)
		return;
	page_label(page, "");
	idle_write(page, site, "last ");
	writer_put(&page->writer, "\n");
}

void page_uses(struct page *page, const struct report_site *site, bool is_brief)
{
	const struct report_stack *used = newest(site, use_of);
	const struct report_stack *begun = newest(site, begin_of);

	page_states(page, site);
	if (begun) {
		page_stack(page, "begun", begun, site);
		lasting_write(page, site);
	}
	if (!used)
		return;
	if (!begun && !user_line_inside_loop(&site->opened_stack) && !is_brief) {
		users_write(page, site, used);
		return;
	}
	page_label(page, "used");
	writer_put(&page->writer, "last by ");
	page_place(page, user_line_stand_in(used, ""));
	idle_write(page, site, ", ");
	writer_put(&page->writer, "\n");
}

static void connection_write(struct page *page, const struct report_site *site,
			     const struct report_connection *connection)
{
	struct writer *writer = &page->writer;
	char age[DURATION_MAX], idle[DURATION_MAX];

	duration_format(connection->age_ns, age);
	duration_format(connection->idle_ns, idle);
	page_label(page, "each");
	writer_format(writer, "pid %d, backend %d, %s old, ", connection->pid,
		      connection->backend_pid, age);
	if (connection->last_use_at_ns)
		writer_format(writer, "idle %s, ", idle);
	writer_format(writer, "transaction %s, %s", connection->transaction,
		      ending_words(page, site, connection->ending, connection->how));
	if (connection->pool_state > POOL_STATE_UNKNOWN)
		writer_format(writer, ", %s", pool_state_name(connection->pool_state));
	if (connection->pool)
		writer_format(writer, ", pool #%" PRIu64, connection->pool);
	writer_put(writer, *connection->owner ? ", " : "");
	writer_put(writer, connection->owner);
	writer_put(writer, connection->is_torn ? ", torn record\n" : "\n");
}

void page_connections(struct page *page, const struct report_site *site)
{
	size_t shown = site->connection_count < CONNECTIONS_MAX ? site->connection_count
								: CONNECTIONS_MAX;

	for (size_t i = 0; i < shown; i++)
		connection_write(page, site, &site->connections[i]);
	if (shown < site->connection_count) {
		page_label(page, "");
		writer_format(&page->writer, "(%zu more: the JSON report ",
			      site->connection_count - shown);
		if (site->connection_count > page->listed_max)
			writer_format(&page->writer, "lists %zu)\n", page->listed_max);
		else
			writer_put(&page->writer, "has them)\n");
	}
	for (size_t i = 0; i < site->close_count; i++) {
		const struct report_close *close = &site->closes[i];

		page_label(page, "closed");
		writer_format(&page->writer, "%" PRIu64 " %s\n", close->count,
			      ending_words(page, site, close->ending, close->how));
		page_stack(page, "", &close->stack, NULL);
	}
}
