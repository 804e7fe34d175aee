/* Connections are used: when, by which stack, and what that does to the transaction. */
#include "base/clock.h"
#include "base/guard.h"
#include "capture/identity.h"
#include "capture/languages.h"
#include "capture/recorder_state.h"

static bool transaction_is_begun(enum ledger_transaction before, enum ledger_transaction after)
{
	return (before == LEDGER_TRANSACTION_IDLE || before == LEDGER_TRANSACTION_UNKNOWN) &&
	       after >= LEDGER_TRANSACTION_ACTIVE && after <= LEDGER_TRANSACTION_INERROR;
}

static void record_transaction(struct ledger_connection *record, enum ledger_transaction after,
			       uint32_t stack, uint64_t now)
{
	if (transaction_is_begun(record->transaction, after) && stack) {
		record->begun_at_ns = now;
		record->begun_stack = stack;
	} else if (after == LEDGER_TRANSACTION_IDLE || after == LEDGER_TRANSACTION_LOST) {
		record->begun_at_ns = 0;
		record->begun_stack = 0;
	}
	record->transaction = (uint8_t)after;
}

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

static void shut_down_locked(const PGconn *conn)
{
	struct connection *connection = own_find_locked(conn);

	if (connection)
		connection->is_shut_down = true;
}

static bool use_needs_stack(const struct connection *connection, enum ledger_transaction after)
{
	unsigned track = recorder.options->track;

	return track & TRACK_USES || (track & TRACK_TRANSACTIONS &&
				      transaction_is_begun(connection->transaction, after));
}

static void used_locked(PGconn *conn, enum ledger_transaction after, uint32_t stack)
{
	struct connection *connection = own_find_locked(conn);
	struct ledger_connection *record = connection ? record_of_locked(connection) : NULL;
	uint64_t now = clock_monotonic_ns();

	if (!connection)
		return;
	connection->transaction = after;
	if (!record)
		return;
	ledger_change_begin(&record->sequence);
	if (recorder.options->track & TRACK_USES) {
		record->uses++;
		record->last_use_at_ns = now;
		record->last_use_stack = stack;
	}
	if (recorder.options->track & TRACK_TRANSACTIONS)
		record_transaction(record, after, stack, now);
	ledger_change_end(&record->sequence);
}

void recorder_used(PGconn *conn, enum libpq_call call, uintptr_t return_address)
{
	struct guard guard = guard_begin();
	struct connection connection;

	if (!recorder_copy_connection(conn, &connection) || !recorder_is_on()) {
		/* Nothing is known of it. */
	} else if (connection.owner_pid != recorder.ledger.header->pid) {
		recorder_used_inherited(conn, connection.libpq, call, return_address);
	} else {
		enum ledger_transaction after = identity_transaction(connection.libpq, conn);
		bool is_shut_down = is_ended_by_shutdown(&connection, after);
		struct stack stack = { 0 };
		uint32_t id = 0;

		if (!is_shut_down && use_needs_stack(&connection, after))
			id = depot_stack_id(recorder_take_stack(&stack, connection.libpq, call,
								return_address));
		recorder_release_stack(&stack);
		recorder_lock();
		if (is_shut_down)
			shut_down_locked(conn);
		else
			used_locked(conn, after, id);
		recorder_unlock();
	}
	guard_end(&guard);
}

static void received_locked(const PGconn *conn, enum ledger_transaction after)
{
	struct connection *connection = own_find_locked(conn);
	struct ledger_connection *record = connection ? record_of_locked(connection) : NULL;

	if (connection)
		connection->transaction = after;
	if (!record || !(recorder.options->track & TRACK_TRANSACTIONS) ||
	    record->transaction == after)
		return;
	ledger_change_begin(&record->sequence);
	record_transaction(record, after, record->last_use_stack, record->last_use_at_ns);
	ledger_change_end(&record->sequence);
}

void recorder_received(PGconn *conn)
{
	struct guard guard = guard_begin();
	struct connection connection;

	if (recorder_copy_connection(conn, &connection) && recorder_is_on()) {
		enum ledger_transaction after = identity_transaction(connection.libpq, conn);
		bool is_shut_down = is_ended_by_shutdown(&connection, after);

		recorder_lock();
		if (is_shut_down)
			shut_down_locked(conn);
		else
			received_locked(conn, after);
		recorder_unlock();
	}
	guard_end(&guard);
}
