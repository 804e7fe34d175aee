/* Stacks already stored: from what a capture saw to the stack's id.
 *
 * A capture is a row of words (return addresses, then what names each language
 * frame). Only its 128-bit mix is kept: two different stacks with one mix would
 * need 2^64 stacks, and 40 bytes a stack serve where the words would take 500.
 *
 * Context: as ledger/writer.h.
 */
#ifndef LEDGER_DEPOT_H
#define LEDGER_DEPOT_H

#include <stddef.h>
#include <stdint.h>

#include "ledger/index.h"

struct depot_key {
	uint64_t high, low;
};

struct depot_stack {
	struct depot_key key;
	uint32_t stack;      /* id in the ledger; 0 when it had no room */
	uint32_t pool_frame; /* index + 1 of the language frame whose `self` is a pool; 0 none */
	const char *pool_library; /* static; NULL none */
};

struct depot {
	struct index index;
	struct depot_stack *stacks; /* a reservation that fills up; never moves */
	size_t count, capacity;
};

struct depot_key depot_mix(const uint64_t *words, size_t count);

/* NULL when it is new. */
const struct depot_stack *depot_find(const struct depot *depot, struct depot_key key);

/* Returns the kept copy, or NULL when there is no memory or no room. */
const struct depot_stack *depot_add(struct depot *depot, const struct depot_stack *stack);

void depot_forget(struct depot *depot);

#endif
