/* A small table with open addressing: a part of handles.h, which says who may read it, and when.
 */
#ifndef CAPTURE_LEAF_H
#define CAPTURE_LEAF_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "capture/registry.h"

enum {
	LEAF_SLOTS = 256,
	LEAF_FULL = LEAF_SLOTS / 4 * 3, /* better split it */
	LEAF_MAX = LEAF_SLOTS - 1,      /* an empty slot ends a search */
	LEAF_TAG = 63
};

/* A slot is the connection's address; in the bits that are 0 there, its hash's: others in the
 * way are passed by without a look at them. */
static_assert(_Alignof(struct connection) > LEAF_TAG, "the tag has room");

struct handle_leaf {
	union {
		uint32_t count;
		struct handle_leaf *next_free;
	};
	uint32_t depth; /* so many of the first bits of the hash are the same in it */
	uintptr_t slots[LEAF_SLOTS];
};

/* A leaf uses the bits from the 26th to the 39th. */
static inline uint64_t hash_of(const PGconn *handle)
{
	return (uint64_t)(uintptr_t)handle * 0x9e3779b97f4a7c15u;
}

static inline size_t leaf_home(uint64_t hash)
{
	return hash >> 32 & (LEAF_SLOTS - 1);
}

static inline uintptr_t leaf_tag(uint64_t hash)
{
	return hash >> 26 & LEAF_TAG;
}

static inline struct connection *slot_connection(uintptr_t slot)
{
	return (struct connection *)(slot & ~(uintptr_t)LEAF_TAG);
}

static inline size_t leaf_next(size_t at)
{
	return (at + 1) & (LEAF_SLOTS - 1);
}

/* NULL when it is not there. Context: any thread; async-signal-safe. */
static inline struct connection *leaf_find(const struct handle_leaf *leaf, const PGconn *handle)
{
	uint64_t hash = hash_of(handle);
	size_t at = leaf_home(hash);

	for (size_t steps = 0; steps < LEAF_SLOTS; steps++, at = leaf_next(at)) {
		uintptr_t slot = __atomic_load_n(&leaf->slots[at], __ATOMIC_ACQUIRE);

		struct connection *connection = slot_connection(slot);

		if (!slot)
			break;
		if ((slot & LEAF_TAG) == leaf_tag(hash) &&
		    __atomic_load_n(&connection->handle, __ATOMIC_RELAXED) == handle)
			return connection;
	}
	return NULL;
}

/* What is in slot `at`; NULL nothing. Context of this and the others: the recorder's lock. */
static inline struct connection *leaf_at(const struct handle_leaf *leaf, size_t at)
{
	return slot_connection(leaf->slots[at]);
}

/* There is room, and the handle is not there yet. */
void leaf_put(struct handle_leaf *leaf, struct connection *connection);

/* It is there. What follows moves up: meanwhile a reader may miss what stays. */
void leaf_remove(struct handle_leaf *leaf, const struct connection *connection);

/* Empties it. */
void leaf_clear(struct handle_leaf *leaf);

#endif
