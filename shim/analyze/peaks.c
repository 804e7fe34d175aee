#include "analyze/peaks.h"

#include <stdlib.h>

struct change {
	uint64_t at_ns;
	int by;
};

static int changes_by_time(const void *left, const void *right)
{
	const struct change *one = left, *other = right;

	if (one->at_ns != other->at_ns)
		return one->at_ns < other->at_ns ? -1 : 1;
	/* At one moment the old one goes before the new one comes. */
	return one->by - other->by;
}

static uint64_t replay(struct arena *arena, const struct site *site)
{
	const struct site_connection *connections = site->connections.items;
	struct change *changes = arena_array(arena, site->connections.count * 2, sizeof(*changes));
	uint64_t open = 0, peak = 0;
	size_t count = 0;

	for (size_t i = 0; i < site->connections.count; i++) {
		const struct report_connection *report = &connections[i].report;

		changes[count++] = (struct change){ report->opened_at_ns, 1 };
		if (report->ended_at_ns >= report->opened_at_ns && report->ended_at_ns)
			changes[count++] = (struct change){ report->ended_at_ns, -1 };
	}
	qsort(changes, count, sizeof(*changes), changes_by_time);
	for (size_t i = 0; i < count; i++) {
		/* One that ends at the moment it opened is sorted before its own opening. */
		if (changes[i].by > 0)
			open++;
		else if (open > 0)
			open--;
		if (open > peak)
			peak = open;
	}
	return peak;
}

static uint64_t estimate(const struct site *site)
{
	uint64_t peak = 0;

	for (size_t i = 0; i < site->shares.count; i++) {
		const struct site_share *share = ((struct site_share **)site->shares.items)[i];
		uint64_t most = share->process->report.peak_open;

		peak += most && share->peak_sum > most ? most : share->peak_sum;
	}
	return peak;
}

uint64_t peak_of_site(struct arena *arena, const struct site *site)
{
	const struct site_share *first = ((struct site_share **)site->shares.items)[0];
	bool is_one_stack = site->shares.count == 1 && first->stack_count == 1;

	if (is_one_stack && first->peak_sum)
		return first->peak_sum;
	if (site->connections.count && site->connections.count == site->report.count)
		return replay(arena, site);
	return estimate(site);
}
