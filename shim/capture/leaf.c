#include "capture/leaf.h"

#include <stdbool.h>

static void slot_write(struct handle_leaf *leaf, size_t at, uintptr_t slot)
{
	__atomic_store_n(&leaf->slots[at], slot, __ATOMIC_RELEASE);
}

void leaf_put(struct handle_leaf *leaf, struct connection *connection)
{
	uint64_t hash = hash_of(connection->handle);
	size_t at = leaf_home(hash);

	while (leaf->slots[at])
		at = leaf_next(at);
	slot_write(leaf, at, (uintptr_t)connection | leaf_tag(hash));
	leaf->count++;
}

/* Does a search that begins at `home` pass `hole` on its way to `at`? */
static bool is_passed(size_t home, size_t hole, size_t at)
{
	return ((at - home) & (LEAF_SLOTS - 1)) >= ((at - hole) & (LEAF_SLOTS - 1));
}

void leaf_remove(struct handle_leaf *leaf, const struct connection *connection)
{
	size_t hole = leaf_home(hash_of(connection->handle));

	while (leaf_at(leaf, hole) != connection)
		hole = leaf_next(hole);
	for (size_t at = leaf_next(hole); leaf->slots[at]; at = leaf_next(at)) {
		if (!is_passed(leaf_home(hash_of(leaf_at(leaf, at)->handle)), hole, at))
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
