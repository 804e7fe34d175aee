#include "ledger/depot.h"

#include "base/memory.h"

enum {
	DEPOT_STACKS_MAX = 1 << 18, /* 10 MiB of address space, touched as it fills */
	DEPOT_STACKS_LEAST = 1 << 8,
	DEPOT_CAPACITY_FIRST = 512
};

struct depot_table {
	struct depot_table *smaller; /* the one before it, which somebody may be reading */
	size_t capacity;             /* a power of two, twice as many as there are stacks or more */
	uint32_t numbers[];          /* of a stack, plus 1; 0 empty */
};

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

static uint32_t *place_of(struct depot_table *table, struct depot_key key, size_t step)
{
	return &table->numbers[(key.low + step) & (table->capacity - 1)];
}

struct depot_stack *depot_find(const struct depot *depot, struct depot_key key)
{
	struct depot_table *table = __atomic_load_n(&depot->table, __ATOMIC_ACQUIRE);
	uint32_t number;

	for (size_t step = 0; table; step++) {
		number = __atomic_load_n(place_of(table, key, step), __ATOMIC_ACQUIRE);
		if (!number)
			break;
		struct depot_stack *stack = &depot->stacks[number - 1];

		if (stack->key.high == key.high && stack->key.low == key.low)
			return stack;
	}
	return NULL;
}

static void table_put(struct depot_table *table, struct depot_key key, uint32_t number)
{
	size_t step = 0;

	while (*place_of(table, key, step))
		step++;
	__atomic_store_n(place_of(table, key, step), number, __ATOMIC_RELEASE);
}

static size_t table_size(size_t capacity)
{
	return sizeof(struct depot_table) + capacity * sizeof(uint32_t);
}

static bool depot_grow(struct depot *depot)
{
	size_t capacity = depot->table ? 2 * depot->table->capacity : DEPOT_CAPACITY_FIRST;
	struct depot_table *grown = memory_map(table_size(capacity));

	if (!grown)
		return false;
	grown->smaller = depot->table;
	grown->capacity = capacity;
	for (size_t i = 0; i < depot->count; i++)
		table_put(grown, depot->stacks[i].key, (uint32_t)i + 1);
	__atomic_store_n(&depot->table, grown, __ATOMIC_RELEASE);
	return true;
}

static bool depot_reserve(struct depot *depot)
{
	size_t capacity = DEPOT_STACKS_MAX;

	while (!(depot->stacks = memory_map(capacity * sizeof(*depot->stacks))) &&
	       capacity > DEPOT_STACKS_LEAST)
		capacity /= 4;
	depot->capacity = depot->stacks ? capacity : 0;
	return depot->stacks;
}

/* One place always stays empty, or a search for what is not there would not end. */
static bool table_has_room(struct depot *depot)
{
	if (depot->table && 2 * (depot->count + 1) <= depot->table->capacity)
		return true;
	return depot_grow(depot) || (depot->table && depot->count + 1 < depot->table->capacity);
}

struct depot_stack *depot_add(struct depot *depot, const struct depot_stack *stack)
{
	bool has_room = (depot->stacks || depot_reserve(depot)) &&
			depot->count < depot->capacity && table_has_room(depot);

	if (!has_room)
		return NULL;
	depot->stacks[depot->count] = *stack;
	table_put(depot->table, stack->key, (uint32_t)depot->count + 1);
	return &depot->stacks[depot->count++];
}

void depot_forget(struct depot *depot)
{
	for (struct depot_table *table = depot->table, *smaller; table; table = smaller) {
		smaller = table->smaller;
		memory_unmap(table, table_size(table->capacity));
	}
	memory_unmap(depot->stacks, depot->capacity * sizeof(*depot->stacks));
	*depot = (struct depot){ 0 };
}
