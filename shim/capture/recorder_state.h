/* What the files of the recorder share: the record itself, and its lock.
 * Private to capture/recorder*.c.
 *
 * A function ending in _locked needs the lock; no other takes or gives it back in the
 * middle. Nothing that may wait for the loader, and no libpq call, happens under it.
 */
#ifndef CAPTURE_RECORDER_STATE_H
#define CAPTURE_RECORDER_STATE_H

#include <pthread.h>
#include <stdbool.h>

#include "base/options.h"
#include "capture/finished.h"
#include "capture/handouts.h"
#include "capture/process.h"
#include "capture/recorder.h"
#include "capture/registry.h"
#include "capture/stack.h"
#include "ledger/depot.h"
#include "ledger/writer.h"

/* UNREAD: the shim's constructor has not run yet; those of the program's libraries
 * come before it. */
enum recorder_state { RECORDER_UNREAD, RECORDER_OFF, RECORDER_WAITING, RECORDER_ON };

struct recorder {
	const struct options *options;
	recorder_started *started;
	enum recorder_state state;
	bool is_exiting;
	bool has_doubtful_end; /* some finish was not plainly the program's own */
	bool has_reported;     /* while it ran: the end tells what became of those */
	/* Guards all below. Not in the cache line of the above, which each use reads. */
	_Alignas(64) pthread_mutex_t lock;
	struct ledger ledger;
	struct depot depot;
	struct registry registry;
	struct handouts handouts;
	struct finished_list finished;
};

extern struct recorder recorder;

void recorder_lock(void);
void recorder_unlock(void);

/* Once, before the first record: another thread may fork while that is being made. */
void recorder_lock_init(void);

/* Has a signal handler of the host's come where this thread has a lock of ours or of the
 * loader's, for which it would wait for ever? What needs one is not recorded then. */
bool recorder_is_interrupted(void);

/* Is there a record to write to? Begins one where there is none. No lock held. */
bool recorder_is_on(void);

/* Is the ledger here this process's own, and not that of the parent whose memory it has? */
static inline bool recorder_ledger_is_own(void)
{
	return __atomic_load_n(&recorder.state, __ATOMIC_ACQUIRE) == RECORDER_ON &&
	       process_is_marked();
}

/* Is its connection what it was? It is another one's, or nobody's, when a second thread has
 * finished it meanwhile. */
static inline bool use_is_there(const struct use *use)
{
	return __atomic_load_n(&use->connection->handle, __ATOMIC_ACQUIRE) == use->conn;
}

/* The stack of `use`, in its wrapper, as the depot has it. Give it back with
 * recorder_release_stack also when it could not be had. No lock held.
 *
 * find: by its trail; false when none is known. walk: as the ledger will have it; returns the
 * trail by which it is found from now on, NULL when there is none. */
bool recorder_find_stack(struct stack *stack, const struct use *use);
const struct trail *recorder_walk_stack(struct stack *stack, const struct use *use);
void recorder_release_stack(struct stack *stack);

/* Its id in the ledger; 0 when it could not be taken. */
uint32_t stack_id(const struct stack *stack);

/* The id of the stack of a call of which no more is known; 0 when it could not be taken. No
 * lock held. */
uint32_t recorder_stack_id(struct libpq *libpq, enum libpq_call call, uintptr_t return_address);

/* The connection when it is this process's own, or NULL. */
struct connection *own_find_locked(const PGconn *conn);

/* Files the finish of a connection of this process's parent. `stack` is of the call. */
void inherited_finish_locked(struct connection *connection, uint32_t stack);

/* `call` was made on a connection that belongs to this process's parent. No lock held. */
void recorder_used_inherited(const PGconn *conn, struct libpq *libpq, enum libpq_call call,
			     uintptr_t return_address);

/* `call` is about to end the session of a connection that belongs to this process's parent, and
 * to keep the handle, which is on record no more. False when it does not. No lock held. */
bool recorder_finishes_inherited(const PGconn *conn, struct libpq *libpq,
				 enum libpq_call call, uintptr_t return_address);

/* Its number in the ledger; 0 when it has no record there. */
static inline uint32_t connection_id(const struct connection *connection)
{
	return ledger_id(&recorder.ledger, LEDGER_CONNECTIONS, connection->record);
}

/* Of this process's own. */
static inline uint32_t connection_site(const struct connection *connection)
{
	return connection->record ? connection->record->site : connection->unrecorded.site;
}

/* A string's id. */
uint32_t text_add_locked(const char *text);

#endif
