/* Connections go: PQfinish, with the evidence of who called it and why. */
#include "base/clock.h"
#include "base/guard.h"
#include "capture/identity.h"
#include "capture/recorder_state.h"
#include "ledger/connections.h"

static uint16_t evidence_of(const struct connection *connection,
			    const struct language_moment *moment, bool is_exiting)
{
	unsigned evidence = 0;

	if (moment->is_finalizing)
		evidence |= LEDGER_FINALIZING;
	if (moment->is_collecting)
		evidence |= LEDGER_COLLECTING;
	if (moment->is_collecting_known)
		evidence |= LEDGER_COLLECTING_KNOWN;
	if (is_exiting)
		evidence |= LEDGER_EXITING;
	if (connection->state == LEDGER_FAILED)
		evidence |= LEDGER_WAS_FAILED;
	if (connection->state == LEDGER_CONNECTING)
		evidence |= LEDGER_WAS_CONNECTING;
	return (uint16_t)evidence;
}

/* Whose it is, and what it had in the ledger, so that who uses the handle after this, or
 * finishes it again, is known. */
static struct finished finished_of(const struct connection *connection, uint32_t stack)
{
	struct finished finished = { .handle = connection->handle, .closed_stack = stack };

	if (connection->is_inherited) {
		finished.owner_pid = connection->inherited.owner_pid;
		finished.backend_pid = connection->inherited.backend_pid;
		return finished;
	}
	finished.id = connection_id(connection);
	finished.site = connection_site(connection);
	finished.owner_pid = recorder.ledger.header->pid;
	finished.backend_pid = connection->record ? connection->record->backend_pid : 0;
	return finished;
}

static void own_finish_locked(const struct connection *connection, struct ledger_end *end,
			      enum ledger_transaction transaction)
{
	struct ledger_connection *record = connection->record;

	if (record && !connection->is_shut_down) {
		ledger_change_begin(&record->sequence);
		record->transaction = (uint8_t)transaction;
		ledger_change_end(&record->sequence);
	}
	end->opened_at_ns = connection->unrecorded.opened_at_ns;
	end->site = connection_site(connection);
	end->pool = record ? record->pool : connection->unrecorded.pool;
	ledger_end_connection(&recorder.ledger, connection_id(connection), end);
}

static void finishing_locked(const PGconn *conn, uint32_t stack,
			     const struct language_moment *moment, bool is_exiting,
			     enum ledger_transaction transaction, uint64_t now)
{
	struct connection connection;

	if (!registry_remove(&recorder.registry, conn, &connection))
		return;
	struct finished finished = finished_of(&connection, stack);

	finished_add(&recorder.finished, &finished);
	if (connection.is_inherited) {
		inherited_finish_locked(&connection, stack);
		return;
	}
	own_finish_locked(&connection,
			  &(struct ledger_end){
				  .at_ns = now,
				  .closed_stack = stack,
				  .called = text_add_locked(moment->called),
				  .evidence = evidence_of(&connection, moment, is_exiting),
			  },
			  transaction);
}

void recorder_finishing(const struct use *use)
{
	struct guard guard = guard_begin();

	if (recorder_is_on() && use_is_there(use)) {
		enum ledger_transaction transaction = identity_transaction(use->libpq, use->conn);
		struct language_moment moment;
		struct stack stack;

		if (!recorder_find_stack(&stack, use))
			recorder_walk_stack(&stack, use);
		stack_read_moment(&stack, &moment);
		bool is_exiting = stack_is_exiting(&stack) ||
				  __atomic_load_n(&recorder.is_exiting, __ATOMIC_RELAXED);

		/* Not written again and again: all threads read what is beside it. */
		if (!recorder.has_doubtful_end &&
		    (is_exiting || stack_has_frames(&stack) ||
		     !object_is_main(use->return_address)))
			recorder.has_doubtful_end = true;
		uint64_t now = clock_monotonic_ns();

		recorder_lock();
		finishing_locked(use->conn, stack_id(&stack), &moment, is_exiting, transaction,
				 now);
		recorder_unlock();
		recorder_release_stack(&stack);
	}
	guard_end(&guard);
}
