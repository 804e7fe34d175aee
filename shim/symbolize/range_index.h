/* Address ranges with a value each; finds, among those that cover an address,
 * the one with the highest rank. Ranges may overlap and nest in any way.
 *
 * Fill it, sort it once, then ask.
 */
#ifndef SYMBOLIZE_RANGE_INDEX_H
#define SYMBOLIZE_RANGE_INDEX_H

#include <stddef.h>
#include <stdint.h>

struct range {
	uint64_t low;   /* the first address */
	uint64_t high;  /* the first address behind it */
	uint64_t rank;  /* the highest wins; of equals, any */
	uint64_t value; /* the owner's */
	uint64_t reach; /* range_index_sort's: the highest `high` of a subtree */
};

/* All zero is an empty index. */
struct range_index {
	struct range *ranges;
	size_t count;
	size_t capacity;
};

void range_index_finish(struct range_index *index);

/* Copies. An empty range is left out. Returns 0 or -ENOMEM. */
int range_index_add(struct range_index *index, const struct range *range);

void range_index_sort(struct range_index *index);

/* NULL when none covers it. Valid until the next add. */
const struct range *range_index_find(const struct range_index *index, uint64_t address);

#endif
