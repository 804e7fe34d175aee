#include "analyze/worker_pools.h"

/* What the pools of all processes keep of one target, at their ends or now. */
struct kept {
	size_t workers;
	uint64_t connections, most; /* most: of one process */
};

static void *row_find(struct arena *arena, struct table *table, uint64_t key, size_t size)
{
	void **place = table_find(arena, table, key);

	if (!*place)
		*place = arena_alloc(arena, size);
	return *place;
}

static bool is_counted(const struct site *site, const struct site_connection *connection)
{
	return site->report.verdict == VERDICT_HELD && *site->report.pool_library &&
	       connection->is_kept && connection->target;
}

static void site_count(struct arena *arena, const struct site *site, struct table *targets,
		       struct table *workers)
{
	const struct site_connection *connections = site->connections.items;

	for (size_t i = 0; i < site->connections.count; i++) {
		uint64_t target = connections[i].target, *count;
		struct kept *kept;

		if (!is_counted(site, &connections[i]))
			continue;
		kept = row_find(arena, targets, target, sizeof(*kept));
		count = row_find(arena, workers,
				 hash_number(hash_number(HASH_EMPTY, target),
					     (uint64_t)(uintptr_t)connections[i].process),
				 sizeof(*count));
		kept->workers += ++*count == 1;
		kept->connections++;
		if (*count > kept->most)
			kept->most = *count;
	}
}

void worker_pools_compare(struct sites *sites)
{
	struct site **list = sites->list.items;
	struct table targets = { 0 }, workers = { 0 };

	for (size_t i = 0; i < sites->list.count; i++)
		site_count(sites->arena, list[i], &targets, &workers);
	for (size_t i = 0; i < sites->list.count; i++) {
		const struct site_connection *connections = list[i]->connections.items;

		for (size_t j = 0; j < list[i]->connections.count; j++) {
			const struct kept *kept;

			if (!is_counted(list[i], &connections[j]))
				continue;
			kept = row_find(sites->arena, &targets, connections[j].target,
					sizeof(*kept));
			if (kept->connections <= list[i]->worker_kept)
				continue;
			list[i]->workers = kept->workers;
			list[i]->worker_kept = kept->connections;
			list[i]->worker_most = kept->most;
		}
	}
}
