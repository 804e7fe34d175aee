#include "capture/handouts.h"

#include "base/memory.h"

enum { HANDOUTS_CAPACITY_FIRST = 256 };

/* What malloc returns ends on 16: the multiplication brings the upper bits down. */
static size_t home_of(const struct handouts *handouts, uintptr_t address)
{
	return (size_t)((uint64_t)address * UINT64_C(0x9e3779b97f4a7c15) >> 32) &
	       (handouts->capacity - 1);
}

/* The slot of `address`, or the empty one where it would be. */
static size_t slot_find(const struct handouts *handouts, uintptr_t address)
{
	size_t at = home_of(handouts, address);

	while (handouts->slots[at].address && handouts->slots[at].address != address)
		at = (at + 1) & (handouts->capacity - 1);
	return at;
}

static bool handouts_grow(struct handouts *handouts)
{
	struct handouts grown = { .count = handouts->count };

	grown.capacity = handouts->capacity ? handouts->capacity * 2 : HANDOUTS_CAPACITY_FIRST;
	grown.slots = memory_map(grown.capacity * sizeof(*grown.slots));
	if (!grown.slots)
		return false;
	for (size_t i = 0; i < handouts->capacity; i++) {
		const struct handout *handout = &handouts->slots[i];

		if (handout->address)
			grown.slots[slot_find(&grown, handout->address)] = *handout;
	}
	handouts_finish(handouts);
	*handouts = grown;
	return true;
}

bool handouts_reserve(struct handouts *handouts, size_t count_max)
{
	return handouts->count < count_max &&
	       (handouts->count * 4 < handouts->capacity * 3 || handouts_grow(handouts));
}

void handouts_add(struct handouts *handouts, const void *address, uint32_t id)
{
	handouts->slots[slot_find(handouts, (uintptr_t)address)] =
		(struct handout){ .address = (uintptr_t)address, .id = id };
	handouts->count++;
}

uint32_t handouts_remove(struct handouts *handouts, const void *address)
{
	size_t mask = handouts->capacity - 1;
	size_t hole = handouts->count ? slot_find(handouts, (uintptr_t)address) : 0;
	uint32_t id = handouts->count ? handouts->slots[hole].id : 0;

	if (!id)
		return 0;
	/* Those behind the hole that an empty slot would hide move up into it. */
	for (size_t at = (hole + 1) & mask; handouts->slots[at].address; at = (at + 1) & mask) {
		size_t home = home_of(handouts, handouts->slots[at].address);

		if (((at - home) & mask) < ((at - hole) & mask))
			continue;
		handouts->slots[hole] = handouts->slots[at];
		hole = at;
	}
	handouts->slots[hole] = (struct handout){ 0 };
	handouts->count--;
	return id;
}

void handouts_finish(struct handouts *handouts)
{
	memory_unmap(handouts->slots, handouts->capacity * sizeof(*handouts->slots));
	*handouts = (struct handouts){ 0 };
}
