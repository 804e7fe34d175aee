#include "capture/recorder.h"

#include <pthread.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/guard.h"
#include "capture/identity.h"
#include "capture/native.h"
#include "capture/notice.h"
#include "capture/process.h"
#include "capture/registry.h"
#include "capture/scratch.h"
#include "capture/stack.h"
#include "ledger/connections.h"
#include "ledger/depot.h"
#include "ledger/records.h"

enum recorder_state { RECORDER_OFF, RECORDER_WAITING, RECORDER_ON };

static struct {
	const struct options *options;
	recorder_started *started;
	enum recorder_state state;
	bool has_fork_handlers;
	bool is_exiting;
	pthread_mutex_t lock; /* guards all below */
	struct ledger ledger;
	struct depot depot;
	struct registry registry;
} recorder = { .lock = PTHREAD_MUTEX_INITIALIZER };

void recorder_init(const struct options *options, recorder_started *started)
{
	recorder.options = options;
	recorder.started = started;
	recorder.state = options->is_enabled ? RECORDER_WAITING : RECORDER_OFF;
}

static void recorder_lock(void)
{
	pthread_mutex_lock(&recorder.lock);
}

static void recorder_unlock(void)
{
	pthread_mutex_unlock(&recorder.lock);
}

static void fork_child(void)
{
	/* The forking thread held the lock across the fork, so that what it guards is
	 * whole; the other locks are of threads that are not here. */
	recorder.lock = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
	scratch_reset();
	libpq_reset_lock();
	process_unmark();
}

static bool program_is_wanted(const char *executable)
{
	const struct options *options = recorder.options;
	const char *slash = strrchr(executable, '/');
	const char *name = slash ? slash + 1 : executable;

	if (option_list_has(options->skip, name) ||
	    option_list_has(options->skip, program_invocation_short_name))
		return false;
	return !*options->only || option_list_has(options->only, name) ||
	       option_list_has(options->only, program_invocation_short_name);
}

static void connection_disown(struct connection *connection)
{
	connection->id = 0;
	connection->site = 0;
	connection->pool = 0;
}

static bool recorder_begin_locked(void)
{
	char executable[512], command[512];
	bool is_first = recorder.state == RECORDER_WAITING;

	process_executable(executable, sizeof(executable));
	if (is_first && !program_is_wanted(executable)) {
		recorder.state = RECORDER_OFF;
		return false;
	}
	if (!is_first) {
		/* A forked child: the ledger mapped here is its parent's. */
		ledger_forget(&recorder.ledger);
		depot_forget(&recorder.depot);
		registry_each(&recorder.registry, connection_disown);
	}
	process_command(command, sizeof(command));
	if (process_mark() || ledger_open(&recorder.ledger, recorder.options->dir,
					  recorder.options->ledger_max, command, executable)) {
		recorder.state = RECORDER_OFF;
		notice_say(NOTICE_NO_MEMORY, executable, ENOMEM);
		return false;
	}
	__atomic_store_n(&recorder.state, RECORDER_ON, __ATOMIC_RELEASE);
	return true;
}

/* Is there a record to write to? Begins one where there is none. */
static bool recorder_is_on(void)
{
	enum recorder_state state = __atomic_load_n(&recorder.state, __ATOMIC_ACQUIRE);
	bool is_begun = false;

	if (state == RECORDER_OFF)
		return false;
	if (state == RECORDER_ON && process_is_marked())
		return true;
	recorder_lock();
	if (recorder.state != RECORDER_ON || !process_is_marked())
		is_begun = recorder_begin_locked();
	state = recorder.state;
	recorder_unlock();
	if (is_begun) {
		if (!recorder.has_fork_handlers)
			pthread_atfork(recorder_lock, recorder_unlock, fork_child);
		recorder.has_fork_handlers = true;
		recorder.started(&recorder.ledger);
	}
	return state == RECORDER_ON;
}

/* The stack of this moment as the depot has it, and with its pool's `self` in the
 * scratch. NULL when it could not be taken. No lock held. */
static const struct depot_stack *stack_now(struct stack *stack, const struct libpq *libpq,
					   enum libpq_call call, uintptr_t return_address)
{
	struct scratch *scratch = scratch_take();

	stack->scratch = scratch;
	if (!scratch)
		return NULL;
	stack_take(stack, scratch, libpq, call, return_address, recorder.options->depth);
	recorder_lock();
	const struct depot_stack *stored = depot_find(&recorder.depot, stack->key);

	recorder_unlock();
	if (!stored) {
		stack_describe(stack);
		recorder_lock();
		stored = depot_find(&recorder.depot, stack->key);
		if (!stored)
			stored = stack_store(stack, &recorder.ledger, &recorder.depot);
		recorder_unlock();
	}
	return stored;
}

static uint32_t stack_id(const struct depot_stack *stored)
{
	return stored ? stored->stack : 0;
}

static void stack_release(struct stack *stack)
{
	if (stack->scratch)
		scratch_give(stack->scratch);
}

static uint32_t text_add_locked(const char *text)
{
	return ledger_add_string(&recorder.ledger, text, strlen(text));
}

/* The pool whose code opened the connection; 0 when none did. */
static uint32_t pool_find_locked(const struct stack *stack, const struct depot_stack *stored)
{
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

static void opened_locked(const struct stack *stack, const struct depot_stack *stored,
			  struct libpq *libpq, PGconn *conn, const struct identity *identity,
			  const char *sqlstate)
{
	struct ledger *ledger = &recorder.ledger;
	uint64_t now = clock_monotonic_ns();
	enum ledger_connection_state state = state_of(identity);
	uint32_t opened_stack = stack_id(stored);
	struct ledger_connection record = {
		.state = state == LEDGER_FAILED ? LEDGER_CONNECTING : (uint8_t)state,
		.handle = (uintptr_t)conn,
		.opened_at_ns = now,
		.connected_at_ns = state == LEDGER_OPEN ? now : 0,
		.site = ledger_find_site(ledger, opened_stack, now),
		.opened_stack = opened_stack,
		.pool = stored ? pool_find_locked(stack, stored) : 0,
		.thread = (int32_t)syscall(SYS_gettid),
		.owner_pid = ledger->header->pid,
	};

	identity_store(identity, ledger, &record);
	struct connection connection = {
		.handle = conn,
		.libpq = libpq,
		.id = ledger_add_connection(ledger, &record),
		.site = record.site,
		.pool = record.pool,
		.owner_pid = record.owner_pid,
		.backend_pid = record.backend_pid,
		.state = state,
		.transaction = identity->transaction,
	};

	if (state == LEDGER_FAILED)
		ledger_fail_connection(ledger, connection.id, connection.site, sqlstate);
	registry_add(&recorder.registry, &connection);
}

void recorder_opened(struct libpq *libpq, enum libpq_call call, PGconn *conn,
		     uintptr_t return_address, const char *sqlstate)
{
	struct guard guard = guard_begin();

	if (recorder_is_on()) {
		struct identity identity;
		struct stack stack = { 0 };

		if (stack_attach_languages())
			recorder.ledger.header->flags |= LEDGER_UNKNOWN_PYTHON;
		const struct depot_stack *stored = stack_now(&stack, libpq, call, return_address);

		identity_read(libpq, conn, &identity);
		recorder_lock();
		opened_locked(&stack, stored, libpq, conn, &identity, sqlstate);
		recorder_unlock();
		stack_release(&stack);
	}
	guard_end(&guard);
}

static struct ledger_connection *record_of(const struct connection *connection)
{
	return connection->id ? ledger_record(&recorder.ledger, LEDGER_CONNECTIONS, connection->id) :
				NULL;
}

static void connected_locked(struct connection *connection, const struct identity *identity,
			     const char *sqlstate)
{
	struct ledger_connection *record = record_of(connection);
	enum ledger_connection_state state = state_of(identity);

	/* A reset may fail; the connection was made all the same, and is not a failed one. */
	if (state == LEDGER_FAILED) {
		if (connection->state == LEDGER_CONNECTING) {
			connection->state = state;
			ledger_fail_connection(&recorder.ledger, connection->id, connection->site,
					       sqlstate);
		}
		return;
	}
	connection->state = state;
	connection->backend_pid = identity->backend_pid;
	connection->transaction = identity->transaction;
	if (!record)
		return;
	ledger_change_begin(&record->sequence);
	record->state = (uint8_t)state;
	record->begun_at_ns = 0;
	record->begun_stack = 0;
	if (state == LEDGER_OPEN && !record->connected_at_ns)
		record->connected_at_ns = clock_monotonic_ns();
	identity_store(identity, &recorder.ledger, record);
	ledger_change_end(&record->sequence);
}

/* The connection, when it is this process's own. */
static struct connection *own_find_locked(const PGconn *conn)
{
	struct connection *connection = registry_find(&recorder.registry, conn);

	return connection && connection->owner_pid == recorder.ledger.header->pid ? connection :
										     NULL;
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

static bool connection_copy(const PGconn *conn, struct connection *ret_connection)
{
	if (!conn || __atomic_load_n(&recorder.state, __ATOMIC_ACQUIRE) != RECORDER_ON)
		return false;
	recorder_lock();
	const struct connection *connection = registry_find(&recorder.registry, conn);

	if (connection)
		*ret_connection = *connection;
	recorder_unlock();
	return connection;
}

struct libpq *recorder_libpq(const PGconn *conn)
{
	struct guard guard = guard_begin();
	struct connection connection;
	struct libpq *libpq = connection_copy(conn, &connection) ? connection.libpq : NULL;

	guard_end(&guard);
	return libpq;
}

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

static bool use_needs_stack(const struct connection *connection, enum ledger_transaction after)
{
	unsigned track = recorder.options->track;

	return track & TRACK_USES || (track & TRACK_TRANSACTIONS &&
				      transaction_is_begun(connection->transaction, after));
}

static void used_locked(PGconn *conn, enum ledger_transaction after, uint32_t stack)
{
	struct connection *connection = own_find_locked(conn);
	struct ledger_connection *record = connection ? record_of(connection) : NULL;
	uint64_t now = clock_monotonic_ns();

	if (!connection)
		return;
	connection->transaction = after;
	if (!record)
		return;
	ledger_change_begin(&record->sequence);
	record->uses++;
	record->last_use_at_ns = now;
	if (recorder.options->track & TRACK_USES)
		record->last_use_stack = stack;
	if (recorder.options->track & TRACK_TRANSACTIONS)
		record_transaction(record, after, stack, now);
	ledger_change_end(&record->sequence);
}

void recorder_used(PGconn *conn, enum libpq_call call, uintptr_t return_address)
{
	struct guard guard = guard_begin();
	struct connection connection;

	if (connection_copy(conn, &connection) && recorder_is_on()) {
		enum ledger_transaction after = identity_transaction(connection.libpq, conn);
		struct stack stack = { 0 };
		uint32_t id = 0;

		if (use_needs_stack(&connection, after))
			id = stack_id(stack_now(&stack, connection.libpq, call, return_address));
		stack_release(&stack);
		recorder_lock();
		used_locked(conn, after, id);
		recorder_unlock();
	}
	guard_end(&guard);
}

void recorder_received(PGconn *conn)
{
	struct guard guard = guard_begin();
	struct libpq *libpq = recorder_libpq(conn);

	if (libpq && recorder_is_on()) {
		enum ledger_transaction after = identity_transaction(libpq, conn);

		recorder_lock();
		struct connection *connection = own_find_locked(conn);
		struct ledger_connection *record = connection ? record_of(connection) : NULL;

		if (connection)
			connection->transaction = after;
		if (record && recorder.options->track & TRACK_TRANSACTIONS &&
		    record->transaction != after) {
			ledger_change_begin(&record->sequence);
			record_transaction(record, after, record->last_use_stack,
					   record->last_use_at_ns);
			ledger_change_end(&record->sequence);
		}
		recorder_unlock();
	}
	guard_end(&guard);
}

static uint16_t evidence_of(const struct connection *connection,
			    const struct language_moment *moment)
{
	unsigned evidence = 0;

	if (moment->is_finalizing)
		evidence |= LEDGER_FINALIZING;
	if (moment->is_collecting)
		evidence |= LEDGER_COLLECTING;
	if (moment->is_collecting_known)
		evidence |= LEDGER_COLLECTING_KNOWN;
	if (__atomic_load_n(&recorder.is_exiting, __ATOMIC_RELAXED))
		evidence |= LEDGER_EXITING;
	if (connection->state == LEDGER_FAILED)
		evidence |= LEDGER_WAS_FAILED;
	if (connection->state == LEDGER_CONNECTING)
		evidence |= LEDGER_WAS_CONNECTING;
	return (uint16_t)evidence;
}

/* The parent goes on with a connection that the server is about to be told to end. */
static void inherited_finish_locked(const struct connection *connection, uint32_t stack)
{
	ledger_add_misuse(&recorder.ledger,
			  &(struct ledger_misuse){
				  .kind = LEDGER_MISUSE_INHERITED_FINISH,
				  .stack = stack,
				  .at_ns = clock_monotonic_ns(),
				  .count = 1,
				  .connection = {
					  .state = LEDGER_ENDED,
					  .evidence = LEDGER_INHERITED,
					  .handle = (uintptr_t)connection->handle,
					  .transaction = (uint8_t)connection->transaction,
					  .closed_stack = stack,
					  .backend_pid = connection->backend_pid,
					  .owner_pid = connection->owner_pid,
				  },
			  });
}

static void finishing_locked(const PGconn *conn, uint32_t stack,
			     const struct language_moment *moment,
			     enum ledger_transaction transaction)
{
	struct connection connection;

	if (!registry_remove(&recorder.registry, conn, &connection))
		return;
	if (connection.owner_pid != recorder.ledger.header->pid) {
		inherited_finish_locked(&connection, stack);
		return;
	}
	struct ledger_connection *record = record_of(&connection);

	if (record) {
		ledger_change_begin(&record->sequence);
		record->transaction = (uint8_t)transaction;
		ledger_change_end(&record->sequence);
	}
	ledger_end_connection(&recorder.ledger, connection.id,
			      &(struct ledger_end){
				      .at_ns = clock_monotonic_ns(),
				      .site = connection.site,
				      .pool = connection.pool,
				      .closed_stack = stack,
				      .called = text_add_locked(moment->called),
				      .evidence = evidence_of(&connection, moment),
			      });
}

void recorder_finishing(PGconn *conn, uintptr_t return_address)
{
	struct guard guard = guard_begin();
	struct libpq *libpq = recorder_libpq(conn);

	if (libpq && recorder_is_on()) {
		enum ledger_transaction transaction = identity_transaction(libpq, conn);
		struct language_moment moment;
		struct stack stack = { 0 };
		uint32_t stack_closed = stack_id(stack_now(&stack, libpq, CALL_PQfinish,
							   return_address));

		stack_read_moment(&stack, &moment);
		recorder_lock();
		finishing_locked(conn, stack_closed, &moment, transaction);
		recorder_unlock();
		stack_release(&stack);
	}
	guard_end(&guard);
}

void recorder_exiting(void)
{
	__atomic_store_n(&recorder.is_exiting, true, __ATOMIC_RELAXED);
}

struct ledger *recorder_ledger(void)
{
	struct ledger *ledger = &recorder.ledger;

	if (__atomic_load_n(&recorder.state, __ATOMIC_ACQUIRE) != RECORDER_ON ||
	    !process_is_marked() || !ledger->header || ledger->header->pid != getpid())
		return NULL;
	return ledger;
}
