#include "analyze/table.h"

#include <stdbool.h>
#include <string.h>

struct table_row {
	uint64_t key;
	void *value;
	bool is_taken;
};

static struct table_row *row_find(const struct table *table, uint64_t key)
{
	/* Keys may be small numbers: the multiplication spreads them. */
	size_t at = (size_t)((key * UINT64_C(0x9e3779b97f4a7c15)) >> 32) & (table->capacity - 1);

	while (table->rows[at].is_taken && table->rows[at].key != key)
		at = (at + 1) & (table->capacity - 1);
	return &table->rows[at];
}

static void table_grow(struct arena *arena, struct table *table)
{
	struct table old = *table;

	table->capacity = old.capacity ? old.capacity * 2 : 64;
	table->rows = arena_array(arena, table->capacity, sizeof(*table->rows));
	for (size_t i = 0; i < old.capacity; i++)
		if (old.rows[i].is_taken)
			*row_find(table, old.rows[i].key) = old.rows[i];
}

void **table_find(struct arena *arena, struct table *table, uint64_t key)
{
	struct table_row *row;

	if (table->count * 2 >= table->capacity)
		table_grow(arena, table);
	row = row_find(table, key);
	if (!row->is_taken) {
		row->is_taken = true;
		row->key = key;
		table->count++;
	}
	return &row->value;
}

/* FNV-1a. */
uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		hash = (hash ^ ((const unsigned char *)bytes)[i]) * UINT64_C(0x100000001b3);
	return hash;
}

uint64_t hash_text(uint64_t hash, const char *text)
{
	return hash_bytes(hash, text, strlen(text) + 1);
}

uint64_t hash_number(uint64_t hash, uint64_t number)
{
	return hash_bytes(hash, &number, sizeof(number));
}
