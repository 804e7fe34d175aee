#include "capture/handles.h"

#include <errno.h>
#include <stdbool.h>

#include "base/memory.h"
#include "capture/registry.h"

enum { FIRST_CAPACITY = 512, LOOKS_MAX = 1000 };

struct handle_table {
	size_t mask;
	struct connection *slots[];
};

static size_t home_of(const struct handle_table *table, const PGconn *handle)
{
	return (size_t)((uintptr_t)handle * 0x9e3779b97f4a7c15u >> 32) & table->mask;
}

static const PGconn *handle_of(const struct connection *connection)
{
	return __atomic_load_n(&connection->handle, __ATOMIC_RELAXED);
}

static struct connection *slot_read(const struct handle_table *table, size_t at)
{
	return __atomic_load_n(&table->slots[at], __ATOMIC_ACQUIRE);
}

static struct connection *table_find(const struct handle_table *table, const PGconn *handle)
{
	struct connection *connection;

	for (size_t at = home_of(table, handle), steps = 0; steps <= table->mask; steps++) {
		connection = slot_read(table, at);
		if (!connection || handle_of(connection) == handle)
			return connection;
		at = (at + 1) & table->mask;
	}
	return NULL;
}

/* Bounded: a handler of the host's may call libpq in the middle of a change of this thread's. */
struct connection *handles_find(const struct handles *handles, const PGconn *handle)
{
	for (unsigned look = 0; look < LOOKS_MAX; look++) {
		uint64_t version = __atomic_load_n(&handles->version, __ATOMIC_ACQUIRE);
		const struct handle_table *table = __atomic_load_n(&handles->table,
								   __ATOMIC_ACQUIRE);
		struct connection *found = table ? table_find(table, handle) : NULL;

		if (found)
			return found;
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		if (!(version & 1) &&
		    __atomic_load_n(&handles->version, __ATOMIC_RELAXED) == version)
			return NULL;
	}
	return NULL;
}

static void slot_write(struct handle_table *table, size_t at, struct connection *connection)
{
	__atomic_store_n(&table->slots[at], connection, __ATOMIC_RELEASE);
}

static void table_add(struct handle_table *table, struct connection *connection)
{
	size_t at = home_of(table, connection->handle);

	while (table->slots[at])
		at = (at + 1) & table->mask;
	slot_write(table, at, connection);
}

/* The old table stays: somebody may be reading it. All old ones together are smaller than
 * the newest. */
static int grow(struct handles *handles)
{
	const struct handle_table *old = handles->table;
	size_t capacity = old ? 2 * (old->mask + 1) : FIRST_CAPACITY;
	struct handle_table *table = memory_map(sizeof(*table) + capacity * sizeof(*table->slots));

	if (!table)
		return -ENOMEM;
	table->mask = capacity - 1;
	for (size_t i = 0; old && i <= old->mask; i++) {
		if (old->slots[i])
			table_add(table, old->slots[i]);
	}
	__atomic_store_n(&handles->table, table, __ATOMIC_RELEASE);
	return 0;
}

static void change_begin(struct handles *handles)
{
	__atomic_store_n(&handles->version, handles->version + 1, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_RELEASE);
}

static void change_end(struct handles *handles)
{
	__atomic_store_n(&handles->version, handles->version + 1, __ATOMIC_RELEASE);
}

int handles_add(struct handles *handles, struct connection *connection)
{
	int error = 0;

	if (!handles->table || 2 * handles->count > handles->table->mask)
		error = grow(handles);
	if (error)
		return error;
	table_add(handles->table, connection);
	handles->count++;
	return 0;
}

/* Does a search that begins at `home` pass `hole` on its way to `at`? */
static bool is_passed(const struct handle_table *table, size_t home, size_t hole, size_t at)
{
	return ((at - home) & table->mask) >= ((at - hole) & table->mask);
}

void handles_remove(struct handles *handles, const struct connection *connection)
{
	struct handle_table *table = handles->table;
	size_t hole = home_of(table, connection->handle);

	while (table->slots[hole] != connection)
		hole = (hole + 1) & table->mask;
	change_begin(handles);
	for (size_t at = (hole + 1) & table->mask; table->slots[at]; at = (at + 1) & table->mask) {
		if (!is_passed(table, home_of(table, table->slots[at]->handle), hole, at))
			continue;
		slot_write(table, hole, table->slots[at]);
		hole = at;
	}
	slot_write(table, hole, NULL);
	change_end(handles);
	handles->count--;
}

void handles_each(const struct handles *handles, void (*visit)(struct connection *))
{
	const struct handle_table *table = handles->table;

	for (size_t at = 0; table && at <= table->mask; at++) {
		if (table->slots[at])
			visit(table->slots[at]);
	}
}
