#include "analyze/sites.h"

#include "analyze/endings.h"
#include "analyze/fingerprint.h"
#include "analyze/hows.h"
#include "analyze/limits.h"

/* While one process is added. */
struct adding {
	struct sites *sites;
	struct process *process;
	struct site_share **shares; /* by the ledger's site id; 0: of no known site */
};

static struct site *site_find(struct sites *sites, const struct report_stack *stack)
{
	uint64_t fingerprint = fingerprint_of_site(stack);
	void **known = table_find(sites->arena, &sites->index, fingerprint);
	struct site *site = *known;
	struct site **row;

	if (site)
		return site;
	*known = site = arena_alloc(sites->arena, sizeof(*site));
	site->report.fingerprint = arena_format(sites->arena, "%016llx",
						(unsigned long long)fingerprint);
	site->report.opened_stack = *stack;
	row = arena_list_add(sites->arena, &sites->list, sizeof(site));
	*row = site;
	return site;
}

static struct site_share *share_add(struct arena *arena, struct site *site,
				    struct process *process)
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

/* Adds what the ledger counts of one stack. */
static void record_add(struct arena *arena, struct site_share *share,
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

/* Where what this process opened at one stack of its ledger belongs. */
static struct site_share *share_find(struct adding *adding, uint32_t id)
{
	const struct ledger_site *record = reader_site(adding->process->reader, id);
	struct site_share **known = &adding->shares[record ? id : 0];
	const struct report_stack *stack;

	if (*known)
		return *known;
	stack = stacks_find(adding->process->stacks, record ? record->opened_stack : 0);
	*known = share_add(adding->sites->arena, site_find(adding->sites, stack), adding->process);
	if (record)
		record_add(adding->sites->arena, *known, record);
	(*known)->stack_count++;
	return *known;
}

static void close_add(struct arena *arena, struct site *site, const struct report_close *close)
{
	uint64_t key = hash_number(hash_number(fingerprint_of_stack(&close->stack),
					       (uint64_t)close->ending), (uint64_t)close->how);
	void **known = table_find(arena, &site->close_index, key);
	struct report_close *row;

	if (!*known) {
		row = arena_list_add(arena, &site->closes, sizeof(*row));
		*row = *close;
		row->count = 0;
		*known = (void *)(uintptr_t)site->closes.count;
	}
	row = (struct report_close *)site->closes.items + ((uintptr_t)*known - 1);
	row->count += close->count;
	if (close->ending == ENDING_COLLECTED)
		site->report.collected_how[close->how] += close->count;
	if (close->ending == ENDING_SHUTDOWN)
		site->report.shutdown_how[close->how] += close->count;
}

/* `begun` is what began the transaction it is in; NULL when it is in none. */
static void share_count(struct site_share *share, enum ending ending, uint64_t count,
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

static const struct report_stack *begun_stack(struct process *process, unsigned transaction,
					      uint32_t stack)
{
	return ending_in_transaction(transaction, stack) ? stacks_find(process->stacks, stack)
							 : NULL;
}

static void idle_add(struct report_site *site, uint64_t min_ns, uint64_t max_ns)
{
	bool is_first = site->idle_min_ns == 0 && site->idle_max_ns == 0;

	if (is_first || min_ns < site->idle_min_ns)
		site->idle_min_ns = min_ns;
	if (max_ns > site->idle_max_ns)
		site->idle_max_ns = max_ns;
}

static void close_find(struct report_close *close, struct process *process, unsigned evidence,
		       uint32_t stack, uint32_t called)
{
	bool is_known;

	close->stack = *stacks_find_close(process->stacks, stack);
	is_known = process_is_interpreter_known(process);
	close->ending = ending_of_finished(evidence, &close->stack,
					   reader_string(process->reader, called), is_known);
	close->how = how_of_finished(close->ending, evidence, &close->stack, is_known);
}

static void add_ending(struct adding *adding, const struct ledger_ending *record)
{
	struct process *process = adding->process;
	struct report_close close = { .count = record->count };
	struct site_share *share;

	/* The parent's connection: its own ledger tells its story. */
	if (record->evidence & LEDGER_INHERITED || record->count == 0)
		return;
	share = share_find(adding, record->site);
	close_find(&close, process, record->evidence, record->closed_stack, record->called);
	if (!reader_site(process->reader, record->site))
		share->opened += record->count;
	else
		share->told += record->count;
	if (record->evidence & LEDGER_WAS_FAILED)
		share->failed_finished += record->count;
	share_count(share, close.ending, record->count,
		    begun_stack(process, record->transaction, record->begun_stack));
	share->own_handler += how_is_own_handler(close.how, &close.stack) ? record->count : 0;
	close_add(adding->sites->arena, share->site, &close);
	if (record->idle_min_ns <= record->idle_max_ns)
		idle_add(&share->site->report, record->idle_min_ns, record->idle_max_ns);
}

/* The mark in the ledger may have been taken back. */
static unsigned state_of(const struct process *process, uint32_t id)
{
	unsigned state = reader_connection(process->reader, id)->state;

	if (process->is_closed_unseen[id])
		return LEDGER_CLOSED_UNSEEN;
	return state == LEDGER_CLOSED_UNSEEN ? LEDGER_OPEN : state;
}

static void add_connection(struct adding *adding, uint32_t id)
{
	struct process *process = adding->process;
	const struct ledger_connection *record = reader_connection(process->reader, id);
	struct site_connection *connection;
	struct report_close close = { .ending = ENDING_CLOSED };
	struct site_share *share;

	if (record->state == LEDGER_FREE || record->state > LEDGER_CLOSED_UNSEEN ||
	    record->evidence & LEDGER_INHERITED)
		return;
	share = share_find(adding, record->site);
	if (limits_forget_just_failed(share, record))
		return;
	if (record->state == LEDGER_ENDED)
		close_find(&close, process, record->evidence, record->closed_stack, record->called);
	else
		close.ending = ending_of_unfinished(state_of(process, id), process->report.ended);
	if (process->taken_over[id]) {
		close = (struct report_close){ ENDING_CHILD_FINISH, HOW_CHILD, 1,
					       *process->taken_over[id] };
		close_add(adding->sites->arena, share->site, &close);
	}
	connection = arena_list_add(adding->sites->arena, &share->site->connections,
				    sizeof(*connection));
	site_connection_init(connection, adding->sites->arena, process, record, close.ending);
	connection->report.how = close.how;
	connection->report.is_torn = reader_is_torn(process->reader, LEDGER_CONNECTIONS, id);
	if (record->state == LEDGER_ENDED)
		return;

	if (!reader_site(process->reader, record->site))
		share->opened++;
	share->on_record++;
	share->failed_on_record += record->state == LEDGER_FAILED;
	share_count(share, close.ending, 1,
		    begun_stack(process, record->transaction, record->begun_stack));
	if (close.ending == ENDING_OPEN && process->is_running)
		connection->is_overdue = limits_judge(share->site, process, record);
	idle_add(&share->site->report, connection->report.idle_ns, connection->report.idle_ns);
}

/* The ledger's endings were full: nobody is accused for what is not known. */
static void add_untold(struct site_share *share)
{
	if (share->finished > share->told && share->process->header->section[LEDGER_ENDINGS].lost)
		share_count(share, ENDING_CLOSED, share->finished - share->told, NULL);
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
	share_count(share, ending_of_unfinished(LEDGER_FAILED, ended), failed, NULL);
	share_count(share, ending_of_unfinished(LEDGER_OPEN, ended), lost - failed, NULL);
}

static void share_sum(struct site_share *share)
{
	struct site *site = share->site;

	site->report.count += share->opened;
	site->failed += share->failed;
	site->failed_finished += share->failed_finished;
}

void sites_add(struct sites *sites, struct process *process)
{
	const struct reader *reader = process->reader;
	size_t site_count = reader_count(reader, LEDGER_SITES);
	size_t ending_count = reader_count(reader, LEDGER_ENDINGS);
	size_t connection_count = reader_count(reader, LEDGER_CONNECTIONS);
	struct adding adding = { sites, process, NULL };

	adding.shares = arena_array(sites->arena, site_count + 1, sizeof(*adding.shares));
	for (size_t id = 1; id <= site_count; id++)
		if (reader_site(reader, (uint32_t)id)->opened)
			share_find(&adding, (uint32_t)id);
	for (size_t id = 1; id <= ending_count; id++)
		add_ending(&adding, reader_ending(reader, (uint32_t)id));
	for (size_t id = 1; id <= connection_count; id++)
		add_connection(&adding, (uint32_t)id);
	for (size_t i = 0; i < sites->list.count; i++) {
		struct site *site = ((struct site **)sites->list.items)[i];

		/* A process is the last share of each site it has one in. */
		if (site->shares.count) {
			struct site_share *share = ((struct site_share **)
						    site->shares.items)[site->shares.count - 1];

			if (share->process == process) {
				add_untold(share);
				add_lost(share);
				share_sum(share);
			}
		}
	}
}
