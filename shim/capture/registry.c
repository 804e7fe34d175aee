#include "capture/registry.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "base/memory.h"

/* On cache lines of its own: each connection's user writes to it. */
struct registered {
	_Alignas(64) struct connection connection;
	struct registered *next; /* in the free list */
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

/* The connection is what its entry begins with. */
static struct registered *registered_of(struct connection *connection)
{
	static_assert(offsetof(struct registered, connection) == 0, "");
	return (struct registered *)connection;
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

int registry_add(struct registry *registry, const struct connection *connection)
{
	struct connection *known = registry_find(registry, connection->handle);
	struct registered *registered;

	if (known) {
		connection_fill(known, connection);
		return 0;
	}
	registered = registered_take(registry);
	if (!registered)
		return -ENOMEM;
	connection_fill(&registered->connection, connection);
	int error = handles_add(&registry->handles, &registered->connection);

	if (error)
		registered_give(registry, registered);
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
	registered_give(registry, registered_of(found));
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
