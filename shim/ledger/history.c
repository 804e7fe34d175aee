#include "ledger/history.h"

#include <stdbool.h>

static const uint64_t lifetime_bounds[] = LEDGER_LIFETIME_BOUNDS;

static_assert(sizeof(lifetime_bounds) / sizeof(*lifetime_bounds) == LEDGER_LIFETIME_COUNT - 1,
	      "the last of the lifetimes has no bound");

void history_widen(struct ledger_history_point *point, const struct ledger_history_point *other)
{
	if (other->open_min < point->open_min)
		point->open_min = other->open_min;
	if (other->open_max > point->open_max)
		point->open_max = other->open_max;
}

static struct ledger_history_point level(uint64_t open)
{
	uint32_t counted = open < UINT32_MAX ? (uint32_t)open : UINT32_MAX;

	return (struct ledger_history_point){ counted, counted };
}

/* Two steps become one. An odd last one stands for both: what came after it is filled in
 * from the level at its end, which is within it. */
static void points_merge(struct ledger_site *site)
{
	uint32_t count = (site->history_count + 1) / 2;

	for (uint32_t i = 0; i < count; i++) {
		struct ledger_history_point merged = site->history[2 * i];

		if (2 * i + 1 < site->history_count)
			history_widen(&merged, &site->history[2 * i + 1]);
		site->history[i] = merged;
	}
	site->history_count = count;
	site->history_step_ns *= 2;
}

/* The point of `at_ns`; those before it that are new, and itself, get the level `open`. */
static struct ledger_history_point *point_reach(struct ledger_site *site, uint64_t at_ns,
						uint64_t open)
{
	uint64_t since_ns = at_ns > site->first_opened_at_ns ? at_ns - site->first_opened_at_ns : 0;

	/* Most often within the last step; a division takes as long as all the rest. */
	if (since_ns >= site->history_count * site->history_step_ns) {
		while (since_ns / site->history_step_ns >= LEDGER_HISTORY_MAX)
			points_merge(site);
		for (uint64_t last = since_ns / site->history_step_ns; site->history_count <= last;)
			site->history[site->history_count++] = level(open);
	}
	return &site->history[site->history_count - 1];
}

void history_change(struct ledger_site *site, uint64_t at_ns, uint64_t before)
{
	struct ledger_history_point now = level(site->open);
	bool is_first = site->history_count == 0;

	if (is_first)
		site->history_step_ns = LEDGER_HISTORY_STEP_NS;
	history_widen(point_reach(site, at_ns, is_first ? site->open : before), &now);
	site->last_changed_at_ns = at_ns;
}

void history_extend(struct ledger_site *site, uint64_t at_ns, uint64_t open)
{
	if (site->history_count && site->history_count <= LEDGER_HISTORY_MAX &&
	    site->history_step_ns >= LEDGER_HISTORY_STEP_NS)
		point_reach(site, at_ns, open);
}

void history_count_lifetime(struct ledger_site *site, uint64_t lifetime_ns)
{
	int i = 0;

	while (i < LEDGER_LIFETIME_COUNT - 1 && lifetime_ns >= lifetime_bounds[i])
		i++;
	site->lifetimes[i]++;
}
