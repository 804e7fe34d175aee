/* From a hash to ids: a table of numbers in mapped memory of its own, never the
 * host's heap. What the ids name is the caller's; it compares.
 *
 * Context: the caller's lock is held; not async-signal-safe.
 */
#ifndef LEDGER_INDEX_H
#define LEDGER_INDEX_H

#include <stddef.h>
#include <stdint.h>

struct index_slot {
	uint32_t id; /* 0 empty */
	uint32_t hash;
};

struct index {
	struct index_slot *slots;
	size_t capacity; /* a power of two, or 0 */
	size_t count;
};

/* Walks the ids filed under `hash`: begins with *cursor = 0, returns 0 at the end. */
uint32_t index_next(const struct index *index, uint32_t hash, size_t *cursor);

/* Files `id` under `hash`. Returns 0 or -ENOMEM. */
int index_add(struct index *index, uint32_t hash, uint32_t id);

/* Forgets everything and gives the memory back. */
void index_finish(struct index *index);

#endif
