#include "capture/gate.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>

#include "base/clock.h"

static const uint64_t patience_ns = 1000000000;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* held while the gate is closed */
static bool is_closed;
static unsigned inside; /* threads */
static _Thread_local __attribute__((tls_model("initial-exec"))) unsigned depth;

void gate_enter(void)
{
	if (depth++)
		return;
	/* Sequentially consistent: either we see that it is closed, or gate_close sees us. */
	for (;;) {
		__atomic_add_fetch(&inside, 1, __ATOMIC_SEQ_CST);
		if (!__atomic_load_n(&is_closed, __ATOMIC_SEQ_CST))
			return;
		__atomic_sub_fetch(&inside, 1, __ATOMIC_SEQ_CST);
		pthread_mutex_lock(&lock);
		pthread_mutex_unlock(&lock);
	}
}

void gate_leave(void)
{
	if (!--depth)
		__atomic_sub_fetch(&inside, 1, __ATOMIC_SEQ_CST);
}

bool gate_is_inside(void)
{
	return depth;
}

/* A handler of the host's may fork while this thread is inside: it would wait for itself. */
static unsigned own(void)
{
	return depth ? 1 : 0;
}

void gate_close(void)
{
	int error = errno;

	pthread_mutex_lock(&lock);
	__atomic_store_n(&is_closed, true, __ATOMIC_SEQ_CST);
	uint64_t until_ns = clock_monotonic_ns() + patience_ns;

	while (__atomic_load_n(&inside, __ATOMIC_SEQ_CST) > own() &&
	       clock_monotonic_ns() < until_ns)
		sched_yield();
	errno = error;
}

void gate_open(void)
{
	__atomic_store_n(&is_closed, false, __ATOMIC_SEQ_CST);
	pthread_mutex_unlock(&lock);
}

void gate_reset(void)
{
	lock = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
	__atomic_store_n(&is_closed, false, __ATOMIC_SEQ_CST);
	/* The others who were inside are not here. */
	__atomic_store_n(&inside, own(), __ATOMIC_SEQ_CST);
}
