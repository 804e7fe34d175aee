/* Around everything of ours that runs inside a host's call: errno stays as libpq
 * left it, and the thread is not cancelled while it holds a lock of ours.
 *
 *	struct guard guard = guard_begin();
 *	...
 *	guard_end(&guard);
 *
 * Context: any thread; not async-signal-safe.
 */
#ifndef BASE_GUARD_H
#define BASE_GUARD_H

#include <errno.h>
#include <pthread.h>

struct guard {
	int error;
	int cancel_state;
};

static inline struct guard guard_begin(void)
{
	struct guard guard = { .error = errno };

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &guard.cancel_state);
	return guard;
}

static inline void guard_end(const struct guard *guard)
{
	pthread_setcancelstate(guard->cancel_state, NULL);
	errno = guard->error;
}

#endif
