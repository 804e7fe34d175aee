#include "analyze/timeline.h"

#include <stdbool.h>

#include "ledger/history.h"

void timeline_part_add(struct arena *arena, struct arena_list *parts, struct arena_list *others,
		       const struct ledger_site *record, uint64_t end_ns)
{
	struct timeline_part *part = arena_alloc(arena, sizeof(*part));

	part->record = *record;
	part->end_ns = end_ns;
	history_extend(&part->record, end_ns, record->open);
	*(struct timeline_part **)arena_list_add(arena, parts, sizeof(part)) = part;
	*(struct timeline_part **)arena_list_add(arena, others, sizeof(part)) = part;
}

/* A ledger is untrusted. */
static bool part_is_known(const struct timeline_part *part)
{
	return part->record.history_count && part->record.history_count <= LEDGER_HISTORY_MAX &&
	       part->record.history_step_ns >= LEDGER_HISTORY_STEP_NS;
}

static size_t step_of(const struct ledger_site *record, uint64_t at_ns)
{
	uint64_t step = at_ns > record->first_opened_at_ns ?
				(at_ns - record->first_opened_at_ns) / record->history_step_ns : 0;

	return step < record->history_count ? (size_t)step : record->history_count - 1;
}

/* What a part had open from `from_ns` to before `to_ns`. */
static struct ledger_history_point part_range(const struct timeline_part *part, uint64_t from_ns,
					      uint64_t to_ns)
{
	const struct ledger_site *record = &part->record;
	struct ledger_history_point range;

	if (to_ns <= record->first_opened_at_ns || from_ns > part->end_ns)
		return (struct ledger_history_point){ 0, 0 };
	range = record->history[step_of(record, from_ns)];
	for (size_t i = step_of(record, from_ns); i <= step_of(record, to_ns - 1); i++)
		history_widen(&range, &record->history[i]);
	if (from_ns < record->first_opened_at_ns)
		range.open_min = 0;
	return range;
}

static void count_add(uint32_t *sum, uint32_t count)
{
	*sum = *sum > UINT32_MAX - count ? UINT32_MAX : *sum + count;
}

static void part_add(struct timeline *timeline, const struct timeline_part *part)
{
	for (size_t i = 0; i < timeline->count; i++) {
		uint64_t from_ns = timeline->from_ns + i * timeline->step_ns;
		struct ledger_history_point range =
			part_range(part, from_ns, from_ns + timeline->step_ns);

		count_add(&timeline->points[i].open_min, range.open_min);
		count_add(&timeline->points[i].open_max, range.open_max);
	}
}

static void part_reserve(struct timeline *timeline, const struct timeline_part *part,
			 uint64_t *to_ns)
{
	if (!timeline->step_ns || part->record.first_opened_at_ns < timeline->from_ns)
		timeline->from_ns = part->record.first_opened_at_ns;
	if (part->record.history_step_ns > timeline->step_ns)
		timeline->step_ns = part->record.history_step_ns;
	if (part->end_ns > *to_ns)
		*to_ns = part->end_ns;
}

void timeline_sum(struct timeline *timeline, const struct arena_list *parts)
{
	const struct timeline_part *const *list = parts->items;
	uint64_t to_ns = 0;

	*timeline = (struct timeline){ 0 };
	for (size_t i = 0; i < parts->count; i++)
		if (part_is_known(list[i]))
			part_reserve(timeline, list[i], &to_ns);
	if (!timeline->step_ns)
		return;
	if (to_ns < timeline->from_ns)
		to_ns = timeline->from_ns;
	while ((to_ns - timeline->from_ns) / timeline->step_ns >= LEDGER_HISTORY_MAX)
		timeline->step_ns *= 2;
	timeline->count = (size_t)((to_ns - timeline->from_ns) / timeline->step_ns) + 1;
	for (size_t i = 0; i < parts->count; i++)
		if (part_is_known(list[i]))
			part_add(timeline, list[i]);
}

struct ledger_history_point timeline_range(const struct timeline *timeline, size_t first,
					   size_t end)
{
	struct ledger_history_point range = timeline->points[first];

	for (size_t i = first + 1; i < end; i++)
		history_widen(&range, &timeline->points[i]);
	return range;
}
