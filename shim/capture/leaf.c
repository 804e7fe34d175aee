#include "capture/leaf.h"

#include <assert.h>
#include <stdbool.h>

#include "capture/registry.h"

enum { TAG_MASK = 63 };

/* A slot is the connection's address; in the bits that are 0 there, its hash's: others in the
 * way are passed by without a look at them. */
static_assert(_Alignof(struct connection) > TAG_MASK, "the tag has room");

static const PGconn *handle_of(const struct connection *connection)
{
	return __atomic_load_n(&connection->handle, __ATOMIC_RELAXED);
}

static size_t home_of(uint64_t hash)
{
	return hash >> 32 & (LEAF_SLOTS - 1);
}

static uintptr_t tag_of(uint64_t hash)
{
	return hash >> 26 & TAG_MASK;
}

static struct connection *connection_of(uintptr_t slot)
{
	return (struct connection *)(slot & ~(uintptr_t)TAG_MASK);
}

static size_t next(size_t at)
{
	return (at + 1) & (LEAF_SLOTS - 1);
}

struct connection *leaf_find(const struct handle_leaf *leaf, const PGconn *handle)
{
	uint64_t hash = hash_of(handle);
	size_t at = home_of(hash);

	for (size_t steps = 0; steps < LEAF_SLOTS; steps++, at = next(at)) {
		uintptr_t slot = __atomic_load_n(&leaf->slots[at], __ATOMIC_ACQUIRE);

		if (!slot)
			break;
		if ((slot & TAG_MASK) == tag_of(hash) && handle_of(connection_of(slot)) == handle)
			return connection_of(slot);
	}
	return NULL;
}

struct connection *leaf_at(const struct handle_leaf *leaf, size_t at)
{
	return connection_of(leaf->slots[at]);
}

static void slot_write(struct handle_leaf *leaf, size_t at, uintptr_t slot)
{
	__atomic_store_n(&leaf->slots[at], slot, __ATOMIC_RELEASE);
}

void leaf_put(struct handle_leaf *leaf, struct connection *connection)
{
	uint64_t hash = hash_of(connection->handle);
	size_t at = home_of(hash);

	while (leaf->slots[at])
		at = next(at);
	slot_write(leaf, at, (uintptr_t)connection | tag_of(hash));
	leaf->count++;
}

/* Does a search that begins at `home` pass `hole` on its way to `at`? */
static bool is_passed(size_t home, size_t hole, size_t at)
{
	return ((at - home) & (LEAF_SLOTS - 1)) >= ((at - hole) & (LEAF_SLOTS - 1));
}

void leaf_remove(struct handle_leaf *leaf, const struct connection *connection)
{
	size_t hole = home_of(hash_of(connection->handle));

	while (leaf_at(leaf, hole) != connection)
		hole = next(hole);
	for (size_t at = next(hole); leaf->slots[at]; at = next(at)) {
		if (!is_passed(home_of(hash_of(leaf_at(leaf, at)->handle)), hole, at))
			continue;
		slot_write(leaf, hole, leaf->slots[at]);
		hole = at;
	}
	slot_write(leaf, hole, 0);
	leaf->count--;
}

void leaf_clear(struct handle_leaf *leaf)
{
	for (size_t at = 0; at < LEAF_SLOTS; at++)
		slot_write(leaf, at, 0);
	leaf->count = 0;
}
