#include "analyze/pools.h"

#include "analyze/code_place.h"

static const struct code_place hidden_pools[] = {
#define HIDDEN_POOL(language, file, function, library) { language, file, function },
#include "analyze/hidden_pools.def"
#undef HIDDEN_POOL
};

static const char *const hidden_libraries[] = {
#define HIDDEN_POOL(language, file, function, library) library,
#include "analyze/hidden_pools.def"
#undef HIDDEN_POOL
};

/* A counter at a key that is made of three numbers. */
static uintptr_t *counter_find(struct arena *arena, struct table *table, uint64_t first,
			       uint64_t second, uint64_t third)
{
	uint64_t key = hash_number(hash_number(hash_number(HASH_EMPTY, first), second), third);

	return (uintptr_t *)table_find(arena, table, key);
}

static uint64_t identity(const void *pointer)
{
	return (uint64_t)(uintptr_t)pointer;
}

static struct site_share *share_of(const struct site *site, const struct process *process)
{
	for (size_t i = 0; i < site->shares.count; i++) {
		struct site_share *share = ((struct site_share **)site->shares.items)[i];

		if (share->process == process)
			return share;
	}
	return NULL;
}

static void pool_name(struct arena *arena, struct report_site *report,
		      const struct site_connection *connection)
{
	const struct reader *reader = connection->process->reader;
	const struct ledger_pool *pool = reader_pool(reader, connection->pool);

	report->pool_library = arena_copy(arena, reader_string(reader, pool->library));
	report->pool_type = arena_copy(arena, reader_string(reader, pool->type));
}

const char *pools_hidden_library(const struct report_stack *stack)
{
	size_t count = sizeof(hidden_pools) / sizeof(hidden_pools[0]);

	for (size_t i = 0; i < stack->count; i++) {
		const struct code_place *place =
			code_place_find(hidden_pools, count, &stack->frames[i]);

		if (place)
			return hidden_libraries[place - hidden_pools];
	}
	return "";
}

static uint64_t pool_number(struct sites *sites, const struct site_connection *connection)
{
	uintptr_t *number = counter_find(sites->arena, &sites->pools,
					 identity(connection->process), connection->pool, 0);

	if (!*number)
		*number = ++sites->pool_count;
	return *number;
}

/* True the first time that `first` and `second` meet. */
static bool is_new(struct arena *arena, struct table *seen, uint64_t first, uint64_t second)
{
	return (*counter_find(arena, seen, first, second, 0))++ == 0;
}

void pools_count(struct sites *sites, struct site *site)
{
	struct site_connection *connections = site->connections.items;
	struct table seen = { 0 }, targets = { 0 };

	for (size_t i = 0; i < site->connections.count; i++) {
		struct site_connection *connection = &connections[i];
		struct site_share *share = share_of(site, connection->process);
		uintptr_t *count;

		if (!reader_pool(connection->process->reader, connection->pool))
			continue;
		if (!site->report.pools)
			pool_name(sites->arena, &site->report, connection);
		connection->report.pool = pool_number(sites, connection);
		if (is_new(sites->arena, &seen, connection->report.pool, 0)) {
			site->report.pools++;
			share->pools++;
		}
		if (!connection->target || !is_new(sites->arena, &seen, connection->report.pool,
						   connection->target))
			continue;
		count = counter_find(sites->arena, &targets, identity(connection->process),
				     connection->target, 0);
		if (++*count > share->pools_a_target)
			share->pools_a_target = *count;
	}
	if (site->report.pools)
		return;
	site->report.pool_library = pools_hidden_library(&site->report.opened_stack);
	site->report.pool_type = *site->report.pool_library ? "pool" : "";
}

/* What the pools of one process keep of one target, at its end or now. */
struct kept {
	size_t pools;
	uint64_t connections;
};

static struct kept *kept_find(struct arena *arena, struct table *table,
			      const struct site_connection *connection)
{
	uintptr_t *place = counter_find(arena, table, identity(connection->process),
					connection->target, 0);

	if (!*place)
		*place = (uintptr_t)arena_alloc(arena, sizeof(struct kept));
	return (struct kept *)*place;
}

static bool is_kept_by_pool(const struct site *site, const struct site_connection *connection)
{
	return site->report.verdict == VERDICT_HELD && connection->is_kept && connection->target &&
	       reader_pool(connection->process->reader, connection->pool);
}

static void kept_count(struct arena *arena, struct table *kept, struct table *pools,
		       const struct site *site)
{
	const struct site_connection *connections = site->connections.items;

	for (size_t i = 0; i < site->connections.count; i++) {
		struct kept *row;
		uintptr_t *seen;

		if (!is_kept_by_pool(site, &connections[i]))
			continue;
		row = kept_find(arena, kept, &connections[i]);
		row->connections++;
		seen = counter_find(arena, pools, identity(connections[i].process),
				    connections[i].pool, connections[i].target);
		if (!(*seen)++)
			row->pools++;
	}
}

void pools_compare(struct sites *sites)
{
	struct site **list = sites->list.items;
	struct table kept = { 0 }, pools = { 0 };

	for (size_t i = 0; i < sites->list.count; i++)
		kept_count(sites->arena, &kept, &pools, list[i]);
	for (size_t i = 0; i < sites->list.count; i++) {
		const struct site_connection *connections = list[i]->connections.items;

		for (size_t j = 0; j < list[i]->connections.count; j++) {
			const struct kept *row;

			if (!is_kept_by_pool(list[i], &connections[j]))
				continue;
			row = kept_find(sites->arena, &kept, &connections[j]);
			if (row->pools > list[i]->target_pools) {
				list[i]->target_pools = row->pools;
				list[i]->target_kept = row->connections;
			}
		}
	}
}
