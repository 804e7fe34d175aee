#include <stdlib.h>
#include <string.h>

#include "analyze/growth.h"
#include "analyze/habits.h"
#include "analyze/peaks.h"
#include "analyze/pools.h"
#include "analyze/sites.h"
#include "analyze/source.h"
#include "analyze/user_line.h"

static int connections_by_time(const void *left, const void *right)
{
	const struct report_connection *one = &((const struct site_connection *)left)->report;
	const struct report_connection *other = &((const struct site_connection *)right)->report;

	if (one->opened_at_ns != other->opened_at_ns)
		return one->opened_at_ns < other->opened_at_ns ? -1 : 1;
	return (one->backend_pid > other->backend_pid) - (one->backend_pid < other->backend_pid);
}

/* Most are in order: they have been opened in the order of their slots. */
static void connections_sort(struct site_connection *connections, size_t count)
{
	for (size_t i = 1; i < count; i++)
		if (connections_by_time(&connections[i - 1], &connections[i]) > 0) {
			qsort(connections, count, sizeof(*connections), connections_by_time);
			return;
		}
}

static int closes_by_count(const void *left, const void *right)
{
	const struct report_close *one = left, *other = right;

	if (one->count != other->count)
		return one->count > other->count ? -1 : 1;
	return (int)one->ending - (int)other->ending;
}

/* "user@host:port/database", of the first that connected, else the first that knows. */
static const char *target_text(struct arena *arena, const struct site *site)
{
	const struct report_connection *found = NULL;

	for (size_t i = 0; i < site->connections.count; i++) {
		const struct site_connection *connection =
			(struct site_connection *)site->connections.items + i;

		if (!connection->target)
			continue;
		if (!found || connection->report.backend_pid)
			found = &connection->report;
		if (found->backend_pid)
			break;
	}
	return found ? arena_format(arena, "%s@%s:%s/%s", found->user, found->host, found->port,
				    found->database) : "";
}

static void site_finish(struct sites *sites, struct site *site)
{
	struct arena *arena = sites->arena;
	struct report_site *report = &site->report;
	const struct report_frame *line = user_line_find(&report->opened_stack);
	struct site_connection *connections = site->connections.items;
	char source[SOURCE_LINE_MAX] = "";

	connections_sort(connections, site->connections.count);
	if (site->closes.count)
		qsort(site->closes.items, site->closes.count, sizeof(struct report_close),
		      closes_by_count);
	report->closes = site->closes.items;
	report->close_count = site->closes.count;
	report->user_line = line ? *line : (struct report_frame){
		.language = "", .function = "", .file = "", .module = "", .build_id = "",
		.library = "",
	};
	if (line)
		source_read(line->file, line->line, source);
	report->user_source = arena_copy(arena, source);
	report->open_now = site->open_now;
	if (site->connections.count)
		report->last_opened_at_ns =
			connections[site->connections.count - 1].report.opened_at_ns;
	report->target = target_text(arena, site);
	report->peak_open = peak_of_site(arena, site);
	pools_count(sites, site);
	growth_find(arena, site);
	site->left_in_transaction = habit_left_in_transaction(site);
	site->left_by_threads = habit_left_by_threads(site);
}

void sites_finish(struct sites *sites)
{
	struct site **list = sites->list.items;

	for (size_t i = 0; i < sites->list.count; i++)
		site_finish(sites, list[i]);
}

/* In their own place: a second million would cost as much memory as the first. */
static void connections_hand_over(struct site *site)
{
	const struct site_connection *connections = site->connections.items;
	struct report_connection *reports = site->connections.items;

	for (size_t i = 0; i < site->connections.count; i++)
		memmove(&reports[i], &connections[i].report, sizeof(reports[i]));
	site->report.connections = reports;
	site->report.connection_count = site->connections.count;
	site->connections = (struct arena_list){ 0 };
}

void sites_hand_over(struct sites *sites)
{
	struct site **list = sites->list.items;

	for (size_t i = 0; i < sites->list.count; i++)
		connections_hand_over(list[i]);
}
