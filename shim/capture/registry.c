#include "capture/registry.h"

#include <assert.h>
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

/* On cache lines of its own: each connection's user writes to it. */
struct registered {
	_Alignas(64) struct connection connection;
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
	/* Who looked it up before, and comes late, sees that it is gone. */
	__atomic_store_n(&registered->connection.visits.inside, 0, __ATOMIC_RELAXED);
	__atomic_store_n(&registered->connection.handle, NULL, __ATOMIC_RELEASE);
	registered->next = registry->free_list;
	registry->free_list = registered;
}

static struct registered *registered_find(struct registry *registry, const PGconn *handle)
{
	struct registered *found;

	HASH_FIND_PTR(registry->table, &handle, found);
	return found;
}

/* Somebody who looks for another one may read the handle meanwhile. */
static void connection_fill(struct connection *connection, const struct connection *from)
{
	const size_t handle_end = offsetof(struct connection, handle) + sizeof(from->handle);

	static_assert(offsetof(struct connection, handle) == 0, "the handle is written last");
	memcpy((char *)connection + handle_end, (const char *)from + handle_end,
	       offsetof(struct connection, visits) - handle_end);
	__atomic_store_n(&connection->handle, from->handle, __ATOMIC_RELEASE);
}

static int registered_add(struct registry *registry, struct registered *registered)
{
	int error = handles_add(&registry->handles, &registered->connection);

	if (error)
		return error;
	registered->is_lost = false;
	HASH_ADD_PTR(registry->table, connection.handle, registered);
	if (!registered->is_lost)
		return 0;
	handles_remove(&registry->handles, &registered->connection);
	return -ENOMEM;
}

int registry_add(struct registry *registry, const struct connection *connection)
{
	struct registered *registered = registered_find(registry, connection->handle);
	bool is_known = registered;

	if (!is_known)
		registered = registered_take(registry);
	if (!registered)
		return -ENOMEM;
	connection_fill(&registered->connection, connection);
	int error = is_known ? 0 : registered_add(registry, registered);

	if (error)
		registered_give(registry, registered);
	return error;
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
	handles_remove(&registry->handles, &found->connection);
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
