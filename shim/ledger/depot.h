/* Stacks already stored: from what a capture saw to the stack's id.
 *
 * A capture is a row of words (return addresses, then what names each language
 * frame). Only its 128-bit mix is kept: two different stacks with one mix would
 * need 2^64 stacks, and 50 bytes a stack serve where the words would take 500.
 *
 * depot_find takes no lock. Nothing that a reader may see changes or moves: a stack is whole
 * before its number is stored in the table (release), and a table is filled before it takes the
 * place of a smaller one, which stays. Who comes too early for a new stack misses it, and asks
 * again under the lock before he adds it.
 *
 * Context: as ledger/writer.h, but for depot_find: any thread, no lock.
 */
#ifndef LEDGER_DEPOT_H
#define LEDGER_DEPOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct depot_key {
	uint64_t high, low;
};

struct depot_stack {
	struct depot_key key;
	uint32_t stack;      /* id in the ledger; 0 when it had no room */
	uint32_t pool_frame; /* index + 1 of the language frame whose `self` is a pool; 0 none */
	const char *pool_library; /* static; NULL none */
	bool has_frames;     /* of a language */
	bool is_exiting;     /* exit() runs in it */
	uint8_t trail_count; /* changes: how many capture/trail.h has of it */
};

struct depot_table;

struct depot {
	struct depot_table *table;
	struct depot_stack *stacks; /* a reservation that fills up; never moves */
	size_t count, capacity;
};

struct depot_key depot_mix(const uint64_t *words, size_t count);

/* NULL when it is new, or is being added. */
struct depot_stack *depot_find(const struct depot *depot, struct depot_key key);

/* Returns the kept copy, or NULL when there is no memory or no room. */
struct depot_stack *depot_add(struct depot *depot, const struct depot_stack *stack);

/* Gives the memory back. Context: no other thread has seen the depot, as in a forked child. */
void depot_forget(struct depot *depot);

#endif
