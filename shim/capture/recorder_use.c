/* Connections are used: when and by which stack. Without a transition no lock is taken and
 * nothing is asked of the kernel; see trail.h for how the stack is known all the same.
 *
 * The record is written by the thread that is inside of the connection. A program that lets
 * two in at once may get a record that mixes both, but none that stays torn.
 */
#include <errno.h>

#include "base/clock.h"
#include "base/guard.h"
#include "capture/identity.h"
#include "capture/languages.h"
#include "capture/recorder_state.h"
#include "capture/thread.h"
#include "capture/trail.h"
#include "capture/transaction.h"

enum { CACHE_LINE = 64 };

/* A pool's finaliser rolls back what the program left open, so that it would look
 * idle at the end. What shutdown does is no use, and the transaction stays on record.
 * In PHP a request shuts down; a connection that outlives it is used by the next. */
static bool is_ended_by_shutdown(const struct connection *connection,
				 enum ledger_transaction after)
{
	enum ledger_transaction before = connection->transaction;

	return (connection->is_shut_down ||
		(before >= LEDGER_TRANSACTION_ACTIVE && before <= LEDGER_TRANSACTION_INERROR &&
		 (after == LEDGER_TRANSACTION_IDLE || after == LEDGER_TRANSACTION_LOST))) &&
	       languages_are_finalizing();
}

static bool is_recording(void)
{
	struct guard guard;
	bool is_on;

	if (recorder_ledger_is_own())
		return true;
	guard = guard_begin();
	is_on = recorder_is_on();
	guard_end(&guard);
	return is_on;
}

/* 0 when it cannot be taken, and in a handler that must not wait for it. */
static uint32_t stack_walk(const struct use *use)
{
	if (recorder_is_interrupted())
		return 0;
	struct guard guard = guard_begin();
	struct stack stack;
	const struct trail *trail = recorder_walk_stack(&stack, use);

	if (trail)
		__atomic_store_n(&use->connection->trail, trail, __ATOMIC_RELEASE);
	recorder_release_stack(&stack);
	guard_end(&guard);
	return stack_id(&stack);
}

static uint32_t use_stack(const struct use *use)
{
	struct connection *connection = use->connection;
	const struct trail *last = __atomic_load_n(&connection->trail, __ATOMIC_ACQUIRE);
	const struct trail *trail = last;
	struct languages_mark mark;
	bool is_marked = languages_mark(recorder.options->depth, &mark);

	if (!is_marked)
		return stack_walk(use);
	if (!trail || !trail_is(trail, use, &mark))
		trail = trail_find(use, &mark);
	if (!trail)
		return stack_walk(use);
	if (trail != last)
		__atomic_store_n(&connection->trail, trail, __ATOMIC_RELEASE);
	return trail->stack->stack;
}

/* The coarse clock lags by a tick. */
static uint64_t use_time(const struct ledger_connection *record, uint64_t at_ns)
{
	uint64_t first_ns = record->connected_at_ns > record->opened_at_ns ?
				    record->connected_at_ns : record->opened_at_ns;

	return at_ns > first_ns ? at_ns : first_ns;
}

static void note_use(struct ledger_connection *record, uint32_t stack, uint64_t now_ns)
{
	ledger_change_begin(&record->sequence);
	record->uses++;
	record->last_use_at_ns = now_ns;
	record->last_use_stack = stack;
	record->last_use_thread = thread_id();
	ledger_change_end(&record->sequence);
}

/* A report has marked it, and the program put the socket back, or uses what is gone: the
 * next report looks again. */
static void unmark(struct ledger_connection *record)
{
	if (__atomic_load_n(&record->state, __ATOMIC_RELAXED) == LEDGER_CLOSED_UNSEEN)
		__atomic_store_n(&record->state, LEDGER_OPEN, __ATOMIC_RELAXED);
}

static void note(const struct use *use, enum ledger_transaction after)
{
	struct connection *connection = use->connection;
	struct ledger_connection *record = connection->record;
	unsigned track = recorder.options->track;
	bool is_changed = after != connection->transaction && track & TRACK_TRANSACTIONS;
	uint64_t now_ns = use_time(record, clock_coarse_ns());
	uint32_t stack = 0;

	unmark(record);
	if (track & TRACK_USES ||
	    (is_changed && transaction_is_begun(connection->transaction, after)))
		stack = use_stack(use);
	if (track & TRACK_USES)
		note_use(record, stack, now_ns);
	if (is_changed)
		transaction_note(connection, record, after,
				 (struct transaction_cause){ use_time(record, use->begun_at_ns),
							     stack }, now_ns);
}

static void used_without_record(const struct use *use)
{
	const struct connection *connection = use->connection;
	struct guard guard = guard_begin();

	if (!recorder_is_interrupted() && connection->is_inherited)
		recorder_used_inherited(use->conn, connection->libpq, use->call,
					use->return_address);
	guard_end(&guard);
}

void recorder_entering(struct use *use)
{
	if (recorder.options->track & TRACK_USES)
		visit_begin(use);
}

void recorder_using(struct use *use)
{
	const char *record = (const char *)use->connection->record;

	use->begun_at_ns = clock_coarse_ns();
	/* Of many connections in turn, none is in the cache: it comes while the call is made. */
	for (size_t line = 0; line < sizeof(struct ledger_connection); line += CACHE_LINE)
		__builtin_prefetch(record + line, 1);
	recorder_entering(use);
}

void recorder_left(const struct use *use)
{
	if (use->visit)
		visit_end(use);
}

static void note_return(const struct use *use)
{
	struct connection *connection = use->connection;

	if (!is_recording() || !use_is_there(use))
		return;
	if (!connection->record) {
		used_without_record(use);
		return;
	}
	enum ledger_transaction after = identity_transaction(connection->libpq, use->conn);

	if ((after != connection->transaction || connection->is_shut_down) &&
	    is_ended_by_shutdown(connection, after))
		connection->is_shut_down = true;
	else
		note(use, after);
}

/* What was sent last has led to it. */
static void note_answer(const struct use *use, enum ledger_transaction after)
{
	struct ledger_connection *record = use->connection->record;
	uint64_t now_ns = use_time(record, clock_coarse_ns());

	transaction_note(use->connection, record, after,
			 (struct transaction_cause){ record->last_use_at_ns,
						     record->last_use_stack }, now_ns);
}

void recorder_used(const struct use *use)
{
	int error = errno;

	note_return(use);
	recorder_left(use);
	errno = error;
}

static void note_arrival(const struct use *use)
{
	struct connection *connection = use->connection;

	if (!is_recording() || !use_is_there(use))
		return;
	enum ledger_transaction after = identity_transaction(connection->libpq, use->conn);

	if (after == connection->transaction)
		return;
	if (is_ended_by_shutdown(connection, after))
		connection->is_shut_down = true;
	else if (connection->record && recorder.options->track & TRACK_TRANSACTIONS)
		note_answer(use, after);
}

void recorder_received(const struct use *use)
{
	int error = errno;

	note_arrival(use);
	recorder_left(use);
	errno = error;
}
