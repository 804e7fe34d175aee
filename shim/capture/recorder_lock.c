/* The recorder's lock, and what becomes of it, and of all other locks of ours, in a fork. */
#include "capture/gate.h"
#include "capture/recorder_state.h"
#include "capture/thread.h"
#include "capture/unwinder_pipe.h"

/* Held for well under a microsecond, so who finds it taken spins a little before it asks the
 * kernel, which would take ten times as long. */
#define RECORDER_LOCK_INITIALIZER PTHREAD_ADAPTIVE_MUTEX_INITIALIZER_NP

struct recorder recorder = { .lock = RECORDER_LOCK_INITIALIZER };

/* A handler of the host's may fork in the middle of a record, and would wait for itself.
 * Set before the lock is taken, and until it is given back. */
static _Thread_local __attribute__((tls_model("initial-exec"))) bool is_locking, is_interrupted;

void recorder_lock(void)
{
	is_locking = true;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	pthread_mutex_lock(&recorder.lock);
}

void recorder_unlock(void)
{
	pthread_mutex_unlock(&recorder.lock);
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	is_locking = false;
}

bool recorder_is_interrupted(void)
{
	return is_locking || gate_is_inside();
}

/* The gate first: who is inside of it never waits for the recorder's lock. */
static void fork_prepare(void)
{
	is_interrupted = is_locking;
	gate_close();
	if (!is_interrupted)
		recorder_lock();
}

static void fork_parent(void)
{
	if (!is_interrupted)
		recorder_unlock();
	gate_open();
}

static void fork_child(void)
{
	/* The forking thread held the lock across the fork, so that what it guards is
	 * whole; the other locks are of threads that are not here. Unless it was in the
	 * middle of a record itself: then there is none in this child. */
	if (is_interrupted)
		recorder.state = RECORDER_OFF;
	is_locking = false;
	recorder.lock = (pthread_mutex_t)RECORDER_LOCK_INITIALIZER;
	gate_reset();
	libpq_reset_lock();
	unwinder_pipe_reset();
	process_unmark();
	thread_reset();
}

void recorder_lock_init(void)
{
	pthread_atfork(fork_prepare, fork_parent, fork_child);
}
