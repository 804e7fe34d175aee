#include "symbolize/range_index.h"

#include <errno.h>
#include <stdlib.h>

void range_index_finish(struct range_index *index)
{
	free(index->ranges);
	*index = (struct range_index){ 0 };
}

int range_index_add(struct range_index *index, const struct range *range)
{
	if (range->low >= range->high)
		return 0;
	if (index->count == index->capacity) {
		size_t capacity = index->capacity ? 2 * index->capacity : 64;
		struct range *ranges = reallocarray(index->ranges, capacity, sizeof(*ranges));

		if (!ranges)
			return -ENOMEM;
		index->ranges = ranges;
		index->capacity = capacity;
	}
	index->ranges[index->count++] = *range;
	return 0;
}

static int range_compare(const void *one, const void *other)
{
	const struct range *a = one;
	const struct range *b = other;

	return (a->low > b->low) - (a->low < b->low);
}

/* The sorted array is read as a balanced tree: the middle is the root. */
static uint64_t set_reach(struct range *ranges, size_t count)
{
	size_t middle = count / 2;
	uint64_t reach, left, right;

	if (!count)
		return 0;
	left = set_reach(ranges, middle);
	right = set_reach(ranges + middle + 1, count - middle - 1);
	reach = ranges[middle].high;
	reach = left > reach ? left : reach;
	reach = right > reach ? right : reach;
	ranges[middle].reach = reach;
	return reach;
}

void range_index_sort(struct range_index *index)
{
	if (!index->count)
		return;
	qsort(index->ranges, index->count, sizeof(*index->ranges), range_compare);
	set_reach(index->ranges, index->count);
}

static void find_best(const struct range *ranges, size_t count, uint64_t address,
		      const struct range **best)
{
	const struct range *root;

	if (!count)
		return;
	root = ranges + count / 2;
	if (root->reach <= address)
		return;
	find_best(ranges, count / 2, address, best);
	if (root->low > address)
		return;
	if (address < root->high && (!*best || root->rank > (*best)->rank))
		*best = root;
	find_best(root + 1, count - count / 2 - 1, address, best);
}

const struct range *range_index_find(const struct range_index *index, uint64_t address)
{
	const struct range *best = NULL;

	find_best(index->ranges, index->count, address, &best);
	return best;
}
