#include "ledger/index.h"

#include <errno.h>

#include "base/memory.h"

enum { INDEX_CAPACITY_FIRST = 512 };

uint32_t index_next(const struct index *index, uint32_t hash, size_t *cursor)
{
	while (*cursor < index->capacity) {
		const struct index_slot *slot =
			&index->slots[(hash + (*cursor)++) & (index->capacity - 1)];

		if (!slot->id)
			return 0;
		if (slot->hash == hash)
			return slot->id;
	}
	return 0;
}

static void index_put(struct index *index, uint32_t hash, uint32_t id)
{
	size_t at = hash;

	while (index->slots[at & (index->capacity - 1)].id)
		at++;
	index->slots[at & (index->capacity - 1)] = (struct index_slot){ id, hash };
	index->count++;
}

static int index_grow(struct index *index)
{
	struct index grown = { .capacity = index->capacity ? index->capacity * 2 :
							       INDEX_CAPACITY_FIRST };

	grown.slots = memory_map(grown.capacity * sizeof(*grown.slots));
	if (!grown.slots)
		return -ENOMEM;
	for (size_t i = 0; i < index->capacity; i++) {
		if (index->slots[i].id)
			index_put(&grown, index->slots[i].hash, index->slots[i].id);
	}
	index_finish(index);
	*index = grown;
	return 0;
}

int index_add(struct index *index, uint32_t hash, uint32_t id)
{
	if (index->count * 4 >= index->capacity * 3) {
		int error = index_grow(index);

		/* A table that cannot grow serves until it is full. */
		if (error && index->count + 1 >= index->capacity)
			return error;
	}
	index_put(index, hash, id);
	return 0;
}

void index_finish(struct index *index)
{
	memory_unmap(index->slots, index->capacity * sizeof(*index->slots));
	*index = (struct index){ 0 };
}
