#include "ledger/depot.h"

#include <stdbool.h>

#include "base/memory.h"

enum { DEPOT_STACKS_MAX = 1 << 18 }; /* 10 MiB of address space, touched as it fills */

struct depot_key depot_mix(const uint64_t *words, size_t count)
{
	uint64_t high = 0x243f6a8885a308d3u ^ count, low = 0x13198a2e03707344u;

	for (size_t i = 0; i < count; i++) {
		__uint128_t product = (__uint128_t)(high ^ words[i]) * 0x9e3779b97f4a7c15u;

		high = (uint64_t)product ^ low;
		low = (uint64_t)(product >> 64) + (low ^ words[i]) * 0xd6e8feb86659fd93u;
	}
	return (struct depot_key){ high ^ low >> 29, low };
}

const struct depot_stack *depot_find(const struct depot *depot, struct depot_key key)
{
	size_t cursor = 0;
	uint32_t id;

	while ((id = index_next(&depot->index, (uint32_t)key.low, &cursor))) {
		const struct depot_stack *stack = &depot->stacks[id - 1];

		if (stack->key.high == key.high && stack->key.low == key.low)
			return stack;
	}
	return NULL;
}

static bool depot_reserve(struct depot *depot)
{
	depot->stacks = memory_map(DEPOT_STACKS_MAX * sizeof(*depot->stacks));
	depot->capacity = depot->stacks ? DEPOT_STACKS_MAX : 0;
	return depot->stacks;
}

const struct depot_stack *depot_add(struct depot *depot, const struct depot_stack *stack)
{
	bool has_room = (depot->stacks || depot_reserve(depot)) && depot->count < depot->capacity &&
			!index_add(&depot->index, (uint32_t)stack->key.low,
				   (uint32_t)depot->count + 1);

	if (!has_room)
		return NULL;
	depot->stacks[depot->count] = *stack;
	return &depot->stacks[depot->count++];
}

void depot_forget(struct depot *depot)
{
	memory_unmap(depot->stacks, depot->capacity * sizeof(*depot->stacks));
	index_finish(&depot->index);
	*depot = (struct depot){ 0 };
}
