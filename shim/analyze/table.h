/* Finds a pointer by a 64-bit key that is a hash already, or any number. Two keys are
 * the same thing: at 64 bits, and for grouping lines of a report, chance is ignored. */
#ifndef ANALYZE_TABLE_H
#define ANALYZE_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "analyze/arena.h"

/* Zeroed is empty. */
struct table {
	struct table_row *rows;
	size_t count, capacity;
};

/* The place of `key`'s pointer, NULL in it when the key is new. Valid until the next call. */
void **table_find(struct arena *arena, struct table *table, uint64_t key);

/* Keys from parts: fold them one after the other, beginning with HASH_EMPTY. */
#define HASH_EMPTY UINT64_C(0xcbf29ce484222325)
uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t size);
uint64_t hash_text(uint64_t hash, const char *text);
uint64_t hash_number(uint64_t hash, uint64_t number);

#endif
