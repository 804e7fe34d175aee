#include "analyze/pool_list.h"

#include <stdlib.h>
#include <string.h>

/* A pool while its connections are counted. */
struct pool {
	struct report_pool report;
	struct arena_list holders; /* struct report_holder */
};

struct pool_list {
	struct arena *arena;
	struct table index;     /* struct pool */
	struct arena_list list; /* struct pool * */
};

static uint64_t key_of(const struct site *site, const struct site_connection *connection)
{
	uint64_t hash = hash_number(HASH_EMPTY, connection->report.pool);

	if (connection->report.pool)
		return hash;
	hash = hash_number(hash, (uint64_t)(uintptr_t)connection->process);
	return hash_text(hash_number(hash, connection->target), site->report.pool_library);
}

static void pool_init(struct pool *pool, struct arena *arena, const struct site *site,
		      const struct site_connection *connection)
{
	const struct reader *reader = connection->process->reader;
	const struct ledger_pool *record = reader_pool(reader, connection->pool);

	pool->report.number = connection->report.pool;
	pool->report.pid = connection->process->report.pid;
	pool->report.is_running = connection->process->is_running;
	pool->report.target = "";
	pool->report.library = record ? arena_copy(arena, reader_string(reader, record->library))
				      : site->report.pool_library;
	pool->report.type = record ? arena_copy(arena, reader_string(reader, record->type))
				   : site->report.pool_type;
	if (record) {
		pool->report.opened = record->opened;
		pool->report.peak_open = record->peak_open;
	}
}

static struct pool *pool_find(struct pool_list *pools, const struct site *site,
			      const struct site_connection *connection)
{
	void **place = table_find(pools->arena, &pools->index, key_of(site, connection));

	if (!*place) {
		struct pool *pool = arena_alloc(pools->arena, sizeof(*pool));

		pool_init(pool, pools->arena, site, connection);
		*(struct pool **)arena_list_add(pools->arena, &pools->list, sizeof(pool)) = pool;
		*place = pool;
	}
	return *place;
}

static bool is_same_place(const struct report_frame *one, const struct report_frame *other)
{
	return one == other ||
	       (one && other && one->line == other->line && !strcmp(one->file, other->file) &&
		!strcmp(one->function, other->function));
}

static struct report_holder *holder_find(struct pool *pool, struct arena *arena,
					 enum pool_state state, const struct report_frame *by)
{
	struct report_holder *holders = pool->holders.items;

	for (size_t i = 0; i < pool->holders.count; i++)
		if (holders[i].state == state && is_same_place(holders[i].by, by))
			return &holders[i];
	holders = arena_list_add(arena, &pool->holders, sizeof(*holders));
	*holders = (struct report_holder){ .state = state, .by = by, .min_ns = UINT64_MAX };
	return holders;
}

/* Until the process's end, or now. */
static uint64_t held_ns(const struct site_connection *connection)
{
	const struct report_connection *report = &connection->report;
	uint64_t end_ns = process_realtime(connection->process, connection->process->end_ns);
	uint64_t since_ns = report->checked_out_since_ns;

	if (report->pool_state == POOL_STATE_UNKNOWN)
		return report->idle_ns;
	return since_ns && end_ns > since_ns ? end_ns - since_ns : 0;
}

static void holder_add(struct pool *pool, struct arena *arena,
		       const struct site_connection *connection)
{
	const struct report_connection *report = &connection->report;
	struct report_holder *holder =
		holder_find(pool, arena, report->pool_state, report->held_by);
	uint64_t time_ns = held_ns(connection);

	holder->count++;
	if (time_ns < holder->min_ns)
		holder->min_ns = time_ns;
	if (time_ns > holder->max_ns)
		holder->max_ns = time_ns;
}

static void connection_add(struct pool_list *pools, const struct site *site,
			   const struct site_connection *connection)
{
	const struct report_connection *report = &connection->report;
	struct pool *pool;

	if (report->pool_state == POOL_STATE_NONE)
		return;
	pool = pool_find(pools, site, connection);
	if (!*pool->report.target && connection->target)
		pool->report.target = arena_format(pools->arena, "%s@%s:%s/%s", report->user,
						   report->host, report->port, report->database);
	if (!connection->is_kept)
		return;
	pool->report.count[report->pool_state]++;
	if (report->pool_state == POOL_STATE_CHECKED_OUT ||
	    report->pool_state == POOL_STATE_UNKNOWN)
		holder_add(pool, pools->arena, connection);
}

static int holders_by_count(const void *left, const void *right)
{
	const struct report_holder *one = left, *other = right;

	if (one->state != other->state)
		return one->state == POOL_STATE_CHECKED_OUT ? -1 : 1;
	if (one->count != other->count)
		return one->count > other->count ? -1 : 1;
	return (one->max_ns < other->max_ns) - (one->max_ns > other->max_ns);
}

static int pools_by_use(const void *left, const void *right)
{
	const struct report_pool *one = left, *other = right;

	uint64_t out = one->count[POOL_STATE_CHECKED_OUT];
	uint64_t other_out = other->count[POOL_STATE_CHECKED_OUT];

	if (out != other_out)
		return out > other_out ? -1 : 1;
	if (one->number != other->number)
		return one->number < other->number ? -1 : 1;
	return strcmp(one->target, other->target);
}

void pool_list_make(struct report *report, struct sites *sites)
{
	struct pool_list pools = { .arena = sites->arena };
	struct site **list = sites->list.items;
	struct report_pool *rows;

	for (size_t i = 0; i < sites->list.count; i++) {
		const struct site_connection *connections = list[i]->connections.items;

		for (size_t j = 0; j < list[i]->connections.count; j++)
			connection_add(&pools, list[i], &connections[j]);
	}
	rows = arena_array(sites->arena, pools.list.count, sizeof(*rows));
	for (size_t i = 0; i < pools.list.count; i++) {
		struct pool *pool = ((struct pool **)pools.list.items)[i];

		if (pool->holders.count)
			qsort(pool->holders.items, pool->holders.count,
			      sizeof(struct report_holder), holders_by_count);
		rows[i] = pool->report;
		rows[i].holders = pool->holders.items;
		rows[i].holder_count = pool->holders.count;
	}
	if (pools.list.count)
		qsort(rows, pools.list.count, sizeof(*rows), pools_by_use);
	report->pools = rows;
	report->pool_count = pools.list.count;
}
