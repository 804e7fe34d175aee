#include "analyze/sites.h"

#include "analyze/endings.h"
#include "analyze/fingerprint.h"
#include "analyze/hows.h"
#include "analyze/limits.h"
#include "analyze/site_share.h"

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

/* Where what this process opened at one stack of its ledger belongs. */
static struct site_share *share_find(struct adding *adding, uint32_t id)
{
	const struct ledger_site *record = reader_site(adding->process->reader, id);
	struct site_share **known = &adding->shares[record ? id : 0];
	const struct report_stack *stack;

	if (*known)
		return *known;
	stack = stacks_find(adding->process->stacks, record ? record->opened_stack : 0);
	*known = site_share_find(adding->sites->arena, site_find(adding->sites, stack),
				 adding->process);
	if (record)
		site_share_add(adding->sites->arena, *known, record);
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

/* `begun` as in site_share_count. */
static void close_find(struct report_close *close, const struct site_share *share,
		       const struct report_stack *begun, unsigned evidence, uint32_t stack,
		       uint32_t called_id)
{
	const char *called = reader_string(share->process->reader, called_id);

	close->stack = *stacks_find_close(share->process->stacks, stack);
	/* After that: the interpreter may be in this stack only. */
	bool is_known = process_is_interpreter_known(share->process);

	close->ending = ending_of_finished(evidence, &close->stack, called, is_known);
	if (close->ending == ENDING_SHUTDOWN &&
	    (ending_is_asked_for_at_end(evidence, &close->stack, called,
					&share->site->report.opened_stack) ||
	     (begun && ending_is_asked_for_at_end(evidence, &close->stack, called, begun))))
		close->ending = ENDING_CLOSED;
	close->how = how_of_finished(close->ending, evidence, &close->stack, is_known);
}

static void add_ending(struct adding *adding, const struct ledger_ending *record)
{
	struct process *process = adding->process;
	struct report_close close = { .count = record->count };
	const struct report_stack *begun;
	struct site_share *share;

	/* The parent's connection: its own ledger tells its story. */
	if (record->evidence & LEDGER_INHERITED || record->count == 0)
		return;
	share = share_find(adding, record->site);
	begun = begun_stack(process, record->transaction, record->begun_stack);
	close_find(&close, share, begun, record->evidence, record->closed_stack, record->called);
	if (!reader_site(process->reader, record->site))
		share->opened += record->count;
	else
		share->told += record->count;
	if (record->evidence & LEDGER_WAS_FAILED)
		share->failed_finished += record->count;
	site_share_count(share, close.ending, record->count, begun);
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
	const struct report_stack *begun;
	struct site_share *share;

	if (record->state == LEDGER_FREE || record->state > LEDGER_CLOSED_UNSEEN ||
	    record->evidence & LEDGER_INHERITED)
		return;
	share = share_find(adding, record->site);
	if (limits_forget_just_failed(share, record))
		return;
	begun = begun_stack(process, record->transaction, record->begun_stack);
	if (record->state == LEDGER_ENDED)
		close_find(&close, share, begun, record->evidence, record->closed_stack,
			   record->called);
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
	site_share_count(share, close.ending, 1, begun);
	if (close.ending == ENDING_OPEN && process->is_running)
		connection->is_overdue = limits_judge(share->site, process, record);
	idle_add(&share->site->report, connection->report.idle_ns, connection->report.idle_ns);
}

/* Each list takes its memory at once: one that grows leaves as much behind as it takes. */
static void connections_reserve(struct adding *adding, size_t connection_count)
{
	const struct process *process = adding->process;
	struct site **list = adding->sites->list.items;

	for (size_t id = 1; id <= connection_count; id++) {
		const struct ledger_connection *record =
			reader_connection(process->reader, (uint32_t)id);
		bool is_known = reader_site(process->reader, record->site);
		struct site_share *share = adding->shares[is_known ? record->site : 0];

		if (share && record->state != LEDGER_FREE)
			share->site->expected++;
	}
	for (size_t i = 0; i < adding->sites->list.count; i++) {
		arena_list_reserve(adding->sites->arena, &list[i]->connections,
				   sizeof(struct site_connection), list[i]->expected);
		list[i]->expected = 0;
	}
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
	connections_reserve(&adding, connection_count);
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

			if (share->process == process)
				site_share_complete(share);
		}
	}
}
