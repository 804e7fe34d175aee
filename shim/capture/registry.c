#include "capture/registry.h"

#include <errno.h>
#include <string.h>

#include "base/memory.h"

/* uthash asks for few and large pieces (its table and its buckets). */
#define uthash_malloc(size) memory_map(size)
#define uthash_free(pointer, size) memory_unmap(pointer, size)
#define HASH_NONFATAL_OOM 1
#define uthash_nonfatal_oom(element) ((element)->is_lost = true)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#include <uthash.h>

struct registered {
	struct connection connection;
	struct registered *next; /* in the free list */
	bool is_lost;
	UT_hash_handle hh;
};

enum { REGISTRY_CHUNK = 64 << 10 };

static struct registered *registered_take(struct registry *registry)
{
	if (!registry->free_list) {
		struct registered *chunk = memory_map(REGISTRY_CHUNK);

		for (size_t i = 0; chunk && i < REGISTRY_CHUNK / sizeof(*chunk); i++) {
			chunk[i].next = registry->free_list;
			registry->free_list = &chunk[i];
		}
	}
	struct registered *taken = registry->free_list;

	if (taken)
		registry->free_list = taken->next;
	return taken;
}

static void registered_give(struct registry *registry, struct registered *registered)
{
	registered->next = registry->free_list;
	registry->free_list = registered;
}

static struct registered *registered_find(struct registry *registry, const PGconn *handle)
{
	struct registered *found;

	HASH_FIND_PTR(registry->table, &handle, found);
	return found;
}

int registry_add(struct registry *registry, const struct connection *connection)
{
	struct registered *registered = registered_find(registry, connection->handle);

	if (registered) {
		registered->connection = *connection;
		return 0;
	}
	registered = registered_take(registry);
	if (!registered)
		return -ENOMEM;
	registered->connection = *connection;
	registered->is_lost = false;
	HASH_ADD_PTR(registry->table, connection.handle, registered);
	if (registered->is_lost) {
		registered_give(registry, registered);
		return -ENOMEM;
	}
	return 0;
}

struct connection *registry_find(struct registry *registry, const PGconn *handle)
{
	struct registered *found = registered_find(registry, handle);

	return found ? &found->connection : NULL;
}

bool registry_remove(struct registry *registry, const PGconn *handle,
		     struct connection *ret_connection)
{
	struct registered *found = registered_find(registry, handle);

	if (!found)
		return false;
	*ret_connection = found->connection;
	HASH_DEL(registry->table, found);
	registered_give(registry, found);
	return true;
}

size_t registry_count(const struct registry *registry)
{
	return HASH_COUNT(registry->table);
}

void registry_each(struct registry *registry, void (*visit)(struct connection *))
{
	struct registered *each, *next;

	HASH_ITER(hh, registry->table, each, next)
		visit(&each->connection);
}
#pragma GCC diagnostic pop
