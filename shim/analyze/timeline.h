/* How many connections were open over time, added up over stacks and processes.
 *
 * A sum has steps of its own: its fewest are at most what really was, its most at least
 * that. The history of one stack comes out as it went in.
 */
#ifndef ANALYZE_TIMELINE_H
#define ANALYZE_TIMELINE_H

#include <stddef.h>
#include <stdint.h>

#include "analyze/arena.h"
#include "ledger/layout.h"

/* What one process opened at one stack. */
struct timeline_part {
	struct ledger_site record; /* carried on to `end_ns` */
	uint64_t end_ns;           /* of its process, or now; none is open afterwards */
};

struct timeline {
	uint64_t from_ns; /* CLOCK_MONOTONIC, as in the ledgers */
	uint64_t step_ns;
	struct ledger_history_point points[LEDGER_HISTORY_MAX];
	size_t count; /* 0: nothing is known */
};

/* Adds a copy of `record`, carried on to `end_ns`, to two lists. */
void timeline_part_add(struct arena *arena, struct arena_list *parts, struct arena_list *others,
		       const struct ledger_site *record, uint64_t end_ns);

/* Adds up a list of struct timeline_part *. */
void timeline_sum(struct timeline *timeline, const struct arena_list *parts);

/* The fewest and the most of the steps from `first` to before `end`. */
struct ledger_history_point timeline_range(const struct timeline *timeline, size_t first,
					   size_t end);

#endif
