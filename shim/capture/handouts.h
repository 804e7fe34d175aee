/* What libpq has handed out and not been given back, by address.
 *
 * The address alone is kept, with the number of the ledger's record that counts it. The table
 * doubles as it fills, in mapped memory, never the host's heap.
 *
 * Context: the recorder's lock is held; not async-signal-safe. Keeps errno.
 */
#ifndef CAPTURE_HANDOUTS_H
#define CAPTURE_HANDOUTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct handout {
	uintptr_t address; /* 0 empty */
	uint32_t id;       /* in the ledger, not 0 */
};

/* Zeroed is empty. */
struct handouts {
	struct handout *slots;
	size_t capacity; /* a power of two, or 0 */
	size_t count;
};

/* Makes room for one more, up to `count_max` of them. False when there is none. */
bool handouts_reserve(struct handouts *handouts, size_t count_max);

/* Remembers `address`, which is not there yet. Room for it was reserved. */
void handouts_add(struct handouts *handouts, const void *address, uint32_t id);

/* Forgets `address`. Returns its id, 0 when it is not there. */
uint32_t handouts_remove(struct handouts *handouts, const void *address);

/* Forgets everything and gives the memory back. */
void handouts_finish(struct handouts *handouts);

#endif
