#include "analyze/growth.h"

#include <inttypes.h>
#include <string.h>

#include "analyze/duration.h"

enum { POINTS_MIN = 8, QUARTERS = 4 };

static struct ledger_history_point quarter(const struct timeline *timeline, size_t number)
{
	return timeline_range(timeline, timeline->count * number / QUARTERS,
			      timeline->count * (number + 1) / QUARTERS);
}

static bool is_level(const struct ledger_history_point *range)
{
	return range->open_min && range->open_max - range->open_min <= range->open_min / 10;
}

/* In its last part, too: one that stays as it is has stopped to rise. */
static bool is_rising(const struct timeline *timeline)
{
	struct ledger_history_point last = timeline_range(
		timeline, timeline->count - timeline->count / (2 * QUARTERS), timeline->count);

	for (size_t i = 1; i < QUARTERS; i++)
		if (quarter(timeline, i).open_min <= quarter(timeline, i - 1).open_min)
			return false;
	return last.open_min < last.open_max;
}

static enum trend trend_of(const struct timeline *timeline)
{
	struct ledger_history_point last, before;

	if (timeline->count < POINTS_MIN)
		return TREND_UNKNOWN;
	if (is_rising(timeline))
		return TREND_RISES;
	last = quarter(timeline, QUARTERS - 1);
	before = quarter(timeline, QUARTERS - 2);
	if (is_level(&last))
		return TREND_LEVEL;
	return last.open_min == 0 || (last.open_min <= before.open_min &&
				      last.open_min < last.open_max)
		       ? TREND_COMES_AND_GOES
		       : TREND_UNKNOWN;
}

/* A program that ends closes what it has: that is no part of how it went. */
static void leave_out_shutdown(struct timeline *timeline, uint64_t open)
{
	size_t last = timeline->count;
	struct ledger_history_point *point;

	if (!last || timeline_range(timeline, 0, last).open_max < open)
		return;
	while (timeline->points[last - 1].open_max < open)
		timeline->points[--last] = (struct ledger_history_point){ (uint32_t)open,
									  (uint32_t)open };
	point = &timeline->points[last - 1];
	if (last > 1 && point->open_min < point[-1].open_min)
		point->open_min = point[-1].open_min;
}

static size_t opened_after(const uint64_t *opened_at_ns, size_t count, uint64_t at_ns)
{
	size_t first = 0, end = count;

	while (first < end) {
		size_t middle = first + (end - first) / 2;

		if (opened_at_ns[middle] > at_ns)
			end = middle;
		else
			first = middle + 1;
	}
	return count - first;
}

/* How many of those that were kept were not used any more while others were opened, and
 * for long: what each request opens and closes is open for a while, too. */
static void left_behind_count(struct arena *arena, struct site_share *share)
{
	const struct site_connection *connections = share->site->connections.items;
	size_t total = share->site->connections.count, count = 0;
	const struct report_connection **kept = arena_array(arena, total, sizeof(*kept));
	uint64_t *opened_at_ns = arena_array(arena, total, sizeof(*opened_at_ns));
	uint64_t span_ns = share->timeline.count * share->timeline.step_ns;
	uint64_t end_ns = process_realtime(share->process, share->process->end_ns);

	for (size_t i = 0; i < total; i++) {
		if (connections[i].process != share->process || !connections[i].is_kept)
			continue;
		kept[count] = &connections[i].report;
		opened_at_ns[count] = kept[count]->opened_at_ns;
		count++;
	}
	share->kept = count;
	if (!(share->process->header->flags & LEDGER_TRACKS_USES))
		return;
	for (size_t i = 0; i < count; i++) {
		uint64_t left_at_ns = kept[i]->last_use_at_ns > kept[i]->opened_at_ns
					      ? kept[i]->last_use_at_ns : kept[i]->opened_at_ns;

		if (opened_after(opened_at_ns, count, left_at_ns) * QUARTERS >= count &&
		    left_at_ns + span_ns / QUARTERS <= end_ns)
			share->left_behind++;
	}
}

bool growth_is_leak(const struct site_share *share)
{
	return share->trend == TREND_RISES && share->kept >= GROWTH_OPEN_MIN &&
	       share->timeline.count * share->timeline.step_ns >= GROWTH_SPAN_NS &&
	       share->left_behind * 2 >= share->kept && !share->pools &&
	       !*share->site->report.pool_library;
}

uint64_t growth_kept(const struct site_share *share)
{
	return share->endings[ENDING_OPEN] + share->endings[ENDING_ABANDONED] +
	       share->endings[ENDING_SHUTDOWN];
}

static void share_find_trend(struct arena *arena, struct site_share *share)
{
	timeline_sum(&share->timeline, &share->parts);
	/* A request that ends is no end of its process. */
	if (!share->process->is_running && !share->site->report.shutdown_how[HOW_REQUEST])
		leave_out_shutdown(&share->timeline,
				   share->open + share->endings[ENDING_SHUTDOWN]);
	share->trend = trend_of(&share->timeline);
	if (share->trend == TREND_RISES)
		left_behind_count(arena, share);
}

static bool has_fallen(const struct timeline *timeline)
{
	for (size_t i = 1; i < timeline->count; i++)
		if (timeline->points[i].open_min < timeline->points[i - 1].open_max)
			return true;
	return false;
}

/* "4 open after 10 s, 9 after 20 s, 20 at the end: never fell" */
static const char *growth_text(struct arena *arena, const struct site_share *share)
{
	const struct timeline *timeline = &share->timeline;
	size_t middle = timeline->count / 2, first = middle / 2;
	bool is_fallen = has_fallen(timeline);
	char after[2][DURATION_MAX];

	duration_format(first * timeline->step_ns, after[0]);
	duration_format(middle * timeline->step_ns, after[1]);
	return arena_format(arena, "%s%" PRIu32 " open after %s, %" PRIu32 " after %s, %" PRIu64
			    " %s%s", is_fallen ? "at least " : "",
			    timeline->points[first].open_min, after[0],
			    timeline->points[middle].open_min, after[1], growth_kept(share),
			    share->process->is_running ? "now" : "at the end",
			    is_fallen ? "" : ": never fell");
}

/* Does this one say more about the site? */
static bool is_telling(const struct site_share *share, const struct site_share *best)
{
	if (!best || (share->trend == TREND_RISES) != (best->trend == TREND_RISES))
		return !best || share->trend == TREND_RISES;
	return share->opened > best->opened;
}

static void history_find(struct arena *arena, struct site *site)
{
	const struct site_share *first = ((struct site_share **)site->shares.items)[0];
	struct timeline *timeline = arena_alloc(arena, sizeof(*timeline));

	timeline_sum(timeline, &site->parts);
	site->report.history = timeline->points;
	site->report.history_count = timeline->count;
	site->report.history_step_ns = timeline->step_ns;
	site->report.history_from_ns = process_realtime(first->process, timeline->from_ns);
}

void growth_find(struct arena *arena, struct site *site)
{
	struct site_share **shares = site->shares.items, *best = NULL;

	history_find(arena, site);
	for (size_t i = 0; i < site->shares.count; i++) {
		share_find_trend(arena, shares[i]);
		if (is_telling(shares[i], best))
			best = shares[i];
	}
	site->report.trend = best->trend;
	site->report.growth = best->trend == TREND_RISES ? growth_text(arena, best) : NULL;
	site->left_behind = best->left_behind;
}
