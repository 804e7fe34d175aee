/* Connections come: creators, and what completes or resets them. */
#include "base/clock.h"
#include "base/guard.h"
#include "capture/identity.h"
#include "capture/notice.h"
#include "capture/recorder_state.h"
#include "capture/shape.h"
#include "capture/thread.h"
#include "capture/transaction.h"
#include "ledger/connections.h"

/* The pool whose code opened the connection; 0 when none did. */
static uint32_t pool_find_locked(const struct stack *stack)
{
	const struct depot_stack *stored = stack->stored;
	struct language_self *self = &stack->scratch->self;

	if (!stored || !stored->pool_frame || stored->pool_frame > stack->frame_count ||
	    stack->language->read_self(&stack->scratch->frames[stored->pool_frame - 1], self))
		return 0;
	return ledger_find_pool(&recorder.ledger, self->address, text_add_locked(self->type),
				text_add_locked(stored->pool_library));
}

static enum ledger_connection_state state_of(const struct identity *identity)
{
	switch (identity->status) {
	case CONNECTION_OK:
		return LEDGER_OPEN;
	case CONNECTION_BAD:
		return LEDGER_FAILED;
	default:
		return LEDGER_CONNECTING;
	}
}

static void opened_locked(const struct stack *stack, const struct use *use,
			  const struct identity *identity, const char *sqlstate, uint64_t now)
{
	struct ledger *ledger = &recorder.ledger;

	/* One whose end cannot be seen would look open for good. */
	if (registry_reserve(&recorder.registry, use->conn)) {
		ledger_lose_connection(ledger);
		return;
	}
	enum ledger_connection_state state = state_of(identity);
	uint32_t opened_stack = stack_id(stack);
	struct ledger_connection record = {
		.state = state == LEDGER_FAILED ? LEDGER_CONNECTING : (uint8_t)state,
		.handle = (uintptr_t)use->conn,
		.opened_at_ns = now,
		.connected_at_ns = state == LEDGER_OPEN ? now : 0,
		.site = ledger_find_site(ledger, opened_stack, now),
		.opened_stack = opened_stack,
		.pool = pool_find_locked(stack),
		.thread = thread_id(),
		.owner_pid = ledger->header->pid,
	};

	identity_store(identity, ledger, &record);
	uint32_t id = ledger_add_connection(ledger, &record);
	struct connection connection = {
		.handle = use->conn,
		.libpq = use->libpq,
		.record = id ? ledger_record(ledger, LEDGER_CONNECTIONS, id) : NULL,
		.unrecorded = { now, record.site, record.pool },
		.state = (uint8_t)state,
		.transaction = (uint8_t)identity->transaction,
	};

	if (state == LEDGER_FAILED)
		ledger_fail_connection(ledger, id, record.site, sqlstate);
	registry_add(&recorder.registry, &connection);
	finished_reopen(&recorder.finished, use->conn);
}

static void take_stack(struct stack *stack, const struct use *use)
{
	if (!recorder_find_stack(stack, use)) {
		recorder_walk_stack(stack, use);
		return;
	}
	struct scratch *scratch = stack->stored->pool_frame ? scratch_take() : NULL;

	if (scratch)
		stack_read_pool(stack, scratch);
}

void recorder_opened(const struct use *use, const char *sqlstate)
{
	struct guard guard = guard_begin();

	if (recorder_is_on()) {
		struct identity identity;
		struct stack stack;

		take_stack(&stack, use);
		identity_read(use->libpq, use->conn, &identity);
		identity_look(&identity, &recorder.ledger);
		shape_learn(use->libpq, use->conn);
		uint64_t now = clock_monotonic_ns();

		recorder_lock();
		opened_locked(&stack, use, &identity, sqlstate, now);
		recorder_unlock();
		recorder_release_stack(&stack);
		if (recorder.ledger.is_private && recorder.ledger.path[0])
			notice_say(NOTICE_LEDGER_STOPPED, recorder.ledger.path,
				   recorder.ledger.private_error);
	}
	guard_end(&guard);
}

static void resetting_locked(struct connection *connection)
{
	struct ledger_connection *record = connection->record;

	if (!record || connection->state != LEDGER_OPEN)
		return;
	ledger_change_begin(&record->sequence);
	record->state = LEDGER_CONNECTING;
	record->socket = -1;
	record->socket_inode = 0;
	ledger_change_end(&record->sequence);
}

bool recorder_resetting(const struct use *use)
{
	struct guard guard = guard_begin();
	bool is_inherited = false;

	if (recorder_is_on()) {
		recorder_lock();
		struct connection *connection = own_find_locked(use->conn);

		if (connection)
			resetting_locked(connection);
		recorder_unlock();
		if (!connection)
			is_inherited = recorder_finishes_inherited(
				use->conn, use->connection->libpq, use->call, use->return_address);
	}
	guard_end(&guard);
	return is_inherited;
}

/* After a reset the session is gone, and so is the transaction that it was in. */
static void note_lost(struct connection *connection, struct ledger_connection *record)
{
	transaction_note(connection, record, LEDGER_TRANSACTION_LOST,
			 (struct transaction_cause){ 0, 0 }, clock_coarse_ns());
}

/* The connection was made all the same, and is not a failed one, but lost. */
static void reset_failed_locked(struct connection *connection, struct ledger_connection *record)
{
	note_lost(connection, record);
	if (!record)
		return;
	ledger_change_begin(&record->sequence);
	record->state = LEDGER_OPEN;
	ledger_change_end(&record->sequence);
}

static void connected_locked(struct connection *connection, const struct identity *identity,
			     const char *sqlstate)
{
	struct ledger_connection *record = connection->record;
	enum ledger_connection_state state = state_of(identity);

	if (state == LEDGER_FAILED && connection->state == LEDGER_CONNECTING) {
		connection->state = (uint8_t)state;
		ledger_fail_connection(&recorder.ledger, connection_id(connection),
				       connection_site(connection), sqlstate);
		return;
	}
	if (state == LEDGER_FAILED) {
		reset_failed_locked(connection, record);
		return;
	}
	connection->state = (uint8_t)state;
	note_lost(connection, record);
	connection->transaction = (uint8_t)identity->transaction;
	if (!record)
		return;
	ledger_change_begin(&record->sequence);
	record->state = (uint8_t)state;
	if (state == LEDGER_OPEN && !record->connected_at_ns)
		record->connected_at_ns = clock_monotonic_ns();
	identity_store(identity, &recorder.ledger, record);
	ledger_change_end(&record->sequence);
}

void recorder_connected(PGconn *conn, const char *sqlstate)
{
	struct guard guard = guard_begin();
	struct libpq *libpq = recorder_libpq(conn);

	if (libpq && recorder_is_on()) {
		struct identity identity;

		identity_read(libpq, conn, &identity);
		recorder_lock();
		struct connection *connection = own_find_locked(conn);

		if (connection)
			connected_locked(connection, &identity, sqlstate);
		recorder_unlock();
	}
	guard_end(&guard);
}

void recorder_answered(PGconn *conn)
{
	struct guard guard = guard_begin();
	const struct connection *connection = recorder_find(conn);

	if (connection && connection->state == LEDGER_CONNECTING)
		recorder_connected(conn, "");
	guard_end(&guard);
}
