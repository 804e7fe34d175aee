#include "capture/registry.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "base/memory.h"

enum { REGISTRY_CHUNK = 64 << 10 };

static bool fresh_map(struct registry *registry)
{
	registry->fresh = memory_map(REGISTRY_CHUNK);
	registry->fresh_count = registry->fresh ? REGISTRY_CHUNK / sizeof(*registry->fresh) : 0;
	return registry->fresh;
}

static struct connection *connection_take(struct registry *registry)
{
	struct connection *taken = registry->free_list;

	if (taken) {
		registry->free_list = taken->next_free;
		return taken;
	}
	if (!registry->fresh_count && !fresh_map(registry))
		return NULL;
	registry->fresh_count--;
	return registry->fresh++;
}

static void connection_give(struct registry *registry, struct connection *connection)
{
	/* Who looked it up before, and comes late, sees that it is gone. */
	__atomic_store_n(&connection->visits.inside, 0, __ATOMIC_RELAXED);
	__atomic_store_n(&connection->handle, NULL, __ATOMIC_RELEASE);
	connection->next_free = registry->free_list;
	registry->free_list = connection;
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

int registry_reserve(struct registry *registry, const PGconn *handle)
{
	if (!registry->free_list && !registry->fresh_count && !fresh_map(registry))
		return -ENOMEM;
	return handles_reserve(&registry->handles, handle);
}

int registry_add(struct registry *registry, const struct connection *connection)
{
	struct connection *known = registry_find(registry, connection->handle);
	struct connection *added;

	if (known) {
		connection_fill(known, connection);
		return 0;
	}
	added = connection_take(registry);
	if (!added)
		return -ENOMEM;
	connection_fill(added, connection);
	int error = handles_add(&registry->handles, added);

	if (error)
		connection_give(registry, added);
	return error;
}

struct connection *registry_find(struct registry *registry, const PGconn *handle)
{
	return handles_find(&registry->handles, handle);
}

bool registry_remove(struct registry *registry, const PGconn *handle,
		     struct connection *ret_connection)
{
	struct connection *found = registry_find(registry, handle);

	if (!found)
		return false;
	*ret_connection = *found;
	handles_remove(&registry->handles, found);
	connection_give(registry, found);
	return true;
}

size_t registry_count(const struct registry *registry)
{
	return registry->handles.count;
}

void registry_each(struct registry *registry, void (*visit)(struct connection *))
{
	handles_each(&registry->handles, visit);
}
