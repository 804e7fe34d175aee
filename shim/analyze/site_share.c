#include "analyze/site_share.h"

#include "analyze/endings.h"

struct site_share *site_share_find(struct arena *arena, struct site *site, struct process *process)
{
	struct site_share *share, **row;

	for (size_t i = 0; i < site->shares.count; i++) {
		share = ((struct site_share **)site->shares.items)[i];
		if (share->process == process)
			return share;
	}
	share = arena_alloc(arena, sizeof(*share));
	share->site = site;
	share->process = process;
	row = arena_list_add(arena, &site->shares, sizeof(share));
	*row = share;
	return share;
}

void site_share_add(struct arena *arena, struct site_share *share,
		    const struct ledger_site *record)
{
	struct site *site = share->site;

	timeline_part_add(arena, &share->parts, &site->parts, record, share->process->end_ns);
	share->opened += record->opened;
	share->failed += record->failed;
	share->finished += record->finished;
	share->open += record->open;
	share->peak_sum += record->peak_open;
	site->report.open += record->open;
	for (int i = 0; i < LEDGER_LIFETIME_COUNT; i++)
		site->report.lifetimes[i] += record->lifetimes[i];
}

void site_share_count(struct site_share *share, enum ending ending, uint64_t count,
		      const struct report_stack *begun)
{
	struct site *site = share->site;

	share->endings[ending] += count;
	site->report.endings[ending] += count;
	process_count(share->process, ending, count);
	if (ending == ENDING_OPEN && share->process->is_running)
		site->open_now += count;
	if (ending == ENDING_CLOSED || ending == ENDING_FAILED_UNFINISHED ||
	    ending == ENDING_CHILD_FINISH || ending == ENDING_CLOSED_UNSEEN)
		return;
	if (begun)
		site->report.in_transaction += count;
	if (begun && begun->count && !site->begun)
		site->begun = begun;
	if (ending == ENDING_OPEN && share->process->is_running)
		return;
	site->not_closed += count;
	if (begun)
		site->stuck += count;
}

/* The ledger's endings were full: nobody is accused for what is not known. */
static void add_untold(struct site_share *share)
{
	if (share->finished > share->told && share->process->header->section[LEDGER_ENDINGS].lost)
		site_share_count(share, ENDING_CLOSED, share->finished - share->told, NULL);
}

/* The ledger's connections were full: the site's counters know what has no slot. */
static void add_lost(struct site_share *share)
{
	const char *ended = share->process->report.ended;
	uint64_t lost = share->open > share->on_record ? share->open - share->on_record : 0;
	uint64_t failed_known = share->failed_on_record + share->failed_finished;
	uint64_t failed = share->failed > failed_known ? share->failed - failed_known : 0;

	if (!lost || !share->process->header->section[LEDGER_CONNECTIONS].lost)
		return;
	if (failed > lost)
		failed = lost;
	site_share_count(share, ending_of_unfinished(LEDGER_FAILED, ended), failed, NULL);
	site_share_count(share, ending_of_unfinished(LEDGER_OPEN, ended), lost - failed, NULL);
}

static void share_sum(struct site_share *share)
{
	struct site *site = share->site;

	site->report.count += share->opened;
	site->failed += share->failed;
	site->failed_finished += share->failed_finished;
}

void site_share_complete(struct site_share *share)
{
	add_untold(share);
	add_lost(share);
	share_sum(share);
}
