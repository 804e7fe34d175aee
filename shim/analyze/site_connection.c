#include <string.h>

#include "analyze/checkout.h"
#include "analyze/endings.h"
#include "analyze/pools.h"
#include "analyze/sites.h"
#include "analyze/user_line.h"

static uint64_t span(uint64_t from, uint64_t to)
{
	return from && to > from ? to - from : 0;
}

/* A million connections have few hosts: each is copied once. */
static const char *string_find(struct process *process, struct arena *arena, uint32_t id)
{
	void **known = table_find(arena, &process->strings, id);

	if (!*known)
		*known = arena_copy(arena, reader_string(process->reader, id));
	return *known;
}

static uint64_t target_of(const struct report_connection *report)
{
	uint64_t hash = HASH_EMPTY;

	if (!*report->host && !*report->database)
		return 0;
	hash = hash_text(hash, report->host);
	hash = hash_text(hash, report->port);
	hash = hash_text(hash, report->database);
	return hash_text(hash, report->user);
}

static void identity_init(struct report_connection *report, struct arena *arena,
			  struct process *process, const struct ledger_connection *record)
{
	report->host = string_find(process, arena, record->host);
	report->port = string_find(process, arena, record->port);
	report->database = string_find(process, arena, record->database);
	report->user = string_find(process, arena, record->user);
	report->application_name = string_find(process, arena, record->application_name);
	report->sqlstate = *record->sqlstate
				   ? arena_format(arena, "%.*s", (int)sizeof(record->sqlstate),
						  record->sqlstate) : "";
}

/* What the stack tells of the connections that it opened. */
struct origin {
	bool is_hidden_pool, is_django;
};

static const struct origin *origin_find(struct process *process, struct arena *arena, uint32_t id)
{
	void **known = table_find(arena, &process->origins, id);
	struct origin *origin = *known;

	if (!origin) {
		const struct report_stack *stack = stacks_find(process->stacks, id);

		*known = origin = arena_alloc(arena, sizeof(*origin));
		origin->is_hidden_pool = *pools_hidden_library(stack);
		origin->is_django = user_line_is_above(stack, "django");
	}
	return origin;
}

/* PHP's list of persistent connections is none: it lends nothing. */
static bool is_pooled(const struct process *process, const struct ledger_connection *record,
		      const struct origin *origin)
{
	const struct ledger_pool *pool = reader_pool(process->reader, record->pool);

	if (!pool)
		return origin->is_hidden_pool;
	return strcmp(reader_string(process->reader, pool->library), "php") != 0;
}

/* Of a connection that the pool, or nobody, kept: where it was at that time. */
static void pool_state_init(struct report_connection *report, struct arena *arena,
			    struct process *process, const struct ledger_connection *record)
{
	const struct origin *origin = origin_find(process, arena, record->opened_stack);

	report->owner = "";
	if (is_pooled(process, record, origin)) {
		if (report->ending == ENDING_OPEN || report->ending == ENDING_ABANDONED ||
		    report->ending == ENDING_SHUTDOWN || report->ending == ENDING_COLLECTED)
			checkout_find(report, arena, process, record);
	} else if (origin->is_django) {
		report->owner = arena_format(arena, "Django's connection of thread %d",
					     record->thread);
	}
}

void site_connection_init(struct site_connection *connection, struct arena *arena,
			  struct process *process, const struct ledger_connection *record,
			  enum ending ending)
{
	struct report_connection *report = &connection->report;
	uint64_t end_ns = record->ended_at_ns ? record->ended_at_ns : process->end_ns;
	uint64_t used_at_ns = record->last_use_at_ns ? record->last_use_at_ns
						     : record->opened_at_ns;

	*connection = (struct site_connection){ .process = process, .pool = record->pool };
	report->pid = process->report.pid;
	report->backend_pid = record->backend_pid;
	identity_init(report, arena, process, record);
	report->opened_at_ns = process_realtime(process, record->opened_at_ns);
	report->ended_at_ns = process_realtime(process, record->ended_at_ns);
	report->age_ns = span(record->opened_at_ns, end_ns);
	report->idle_ns = span(used_at_ns, end_ns);
	report->transaction = transaction_name(record->transaction);
	report->ending = ending;
	report->last_use_at_ns = process_realtime(process, record->last_use_at_ns);
	report->last_use = *stacks_find(process->stacks, record->last_use_stack);
	report->uses = record->uses;
	report->last_use_thread = record->last_use_thread;
	report->transactions = record->transactions;
	report->longest_transaction_ns = record->transaction_max_ns;
	report->longest_transaction = *stacks_find(process->stacks, record->transaction_max_stack);
	report->transaction_begun_at_ns = process_realtime(process, record->begun_at_ns);
	report->reported_at_ns = process_realtime(process, record->reported_at_ns);
	report->transaction_begun = *stacks_find(process->stacks, record->begun_stack);
	/* The server ended its transaction with it. */
	if (ending == ENDING_CLOSED_UNSEEN) {
		report->transaction = transaction_name(LEDGER_TRANSACTION_UNKNOWN);
		report->transaction_begun_at_ns = 0;
		report->transaction_begun = (struct report_stack){ 0 };
	}

	pool_state_init(report, arena, process, record);

	connection->target = target_of(report);
	connection->thread = record->thread;
	connection->last_use_thread = record->last_use_thread;
	connection->is_in_transaction =
		ending_in_transaction(record->transaction, record->begun_stack);
	connection->is_kept = ending == ENDING_SHUTDOWN || ending == ENDING_OPEN ||
			      ending == ENDING_ABANDONED;
}
