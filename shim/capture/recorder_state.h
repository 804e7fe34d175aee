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
	pthread_mutex_t lock; /* guards all below */
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

/* The interpreters that there are now will have frames in the stacks. No lock held. */
void recorder_attach_languages(void);

/* The stack of this moment as the depot has it; NULL when it could not be taken. Give the
 * stack back with recorder_release_stack all the same. No lock held. */
const struct depot_stack *recorder_take_stack(struct stack *stack, const struct libpq *libpq,
					      enum libpq_call call, uintptr_t return_address);
void recorder_release_stack(struct stack *stack);

/* Its id in the ledger; 0 for NULL. */
uint32_t depot_stack_id(const struct depot_stack *stored);

/* The id of the stack of this moment; 0 when it could not be taken. No lock held. */
uint32_t recorder_stack_id(const struct libpq *libpq, enum libpq_call call,
			   uintptr_t return_address);

/* The connection when it is this process's own, or NULL. */
struct connection *own_find_locked(const PGconn *conn);

/* Files the finish of a connection of this process's parent. `stack` is of the call. */
void inherited_finish_locked(struct connection *connection, uint32_t stack);

/* `call` was made on a connection that belongs to this process's parent. No lock held. */
void recorder_used_inherited(const PGconn *conn, const struct libpq *libpq, enum libpq_call call,
			     uintptr_t return_address);

/* `call` is about to end the session of a connection that belongs to this process's parent, and
 * to keep the handle, which is on record no more. False when it does not. No lock held. */
bool recorder_finishes_inherited(const PGconn *conn, const struct libpq *libpq,
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
