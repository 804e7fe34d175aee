/* A small table with open addressing: a part of handles.h, which says who may read it, and when.
 */
#ifndef CAPTURE_LEAF_H
#define CAPTURE_LEAF_H

#include <libpq-fe.h>
#include <stddef.h>
#include <stdint.h>

struct connection;

enum {
	LEAF_SLOTS = 256,
	LEAF_FULL = LEAF_SLOTS / 4 * 3, /* better split it */
	LEAF_MAX = LEAF_SLOTS - 1       /* an empty slot ends a search */
};

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

/* NULL when it is not there. Context: any thread; async-signal-safe. */
struct connection *leaf_find(const struct handle_leaf *leaf, const PGconn *handle);

/* What is in slot `at`; NULL nothing. Context of this and the others: the recorder's lock. */
struct connection *leaf_at(const struct handle_leaf *leaf, size_t at);

/* There is room, and the handle is not there yet. */
void leaf_put(struct handle_leaf *leaf, struct connection *connection);

/* It is there. What follows moves up: meanwhile a reader may miss what stays. */
void leaf_remove(struct handle_leaf *leaf, const struct connection *connection);

/* Empties it. */
void leaf_clear(struct handle_leaf *leaf);

#endif
