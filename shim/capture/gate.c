#include "capture/gate.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"

static const uint64_t patience_ns = 1000000000;

enum { TURNSTILES = 64, CACHE_LINE = 64 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* held while the gate is closed */
static bool is_closed;
static struct turnstile {
	_Alignas(CACHE_LINE) unsigned inside; /* threads */
} turnstiles[TURNSTILES];
static _Thread_local __attribute__((tls_model("initial-exec"))) unsigned depth;

/* This thread's, also in a child that it forks. */
static struct turnstile *own_turnstile(void)
{
	uint64_t hash = (uint64_t)(uintptr_t)&depth * 0x9e3779b97f4a7c15u;

	return &turnstiles[hash >> 58];
}

void gate_enter(void)
{
	if (depth++)
		return;
	struct turnstile *own = own_turnstile();

	/* Sequentially consistent: either we see that it is closed, or gate_close sees us. */
	for (;;) {
		__atomic_add_fetch(&own->inside, 1, __ATOMIC_SEQ_CST);
		if (!__atomic_load_n(&is_closed, __ATOMIC_SEQ_CST))
			return;
		__atomic_sub_fetch(&own->inside, 1, __ATOMIC_SEQ_CST);
		pthread_mutex_lock(&lock);
		pthread_mutex_unlock(&lock);
	}
}

void gate_leave(void)
{
	if (!--depth)
		__atomic_sub_fetch(&own_turnstile()->inside, 1, __ATOMIC_SEQ_CST);
}

bool gate_is_inside(void)
{
	return depth;
}

/* A handler of the host's may fork while this thread is inside: it would wait for itself. */
static bool is_empty_but_for_own(void)
{
	const struct turnstile *own = own_turnstile();

	for (size_t i = 0; i < TURNSTILES; i++) {
		unsigned own_count = &turnstiles[i] == own && depth ? 1 : 0;

		if (__atomic_load_n(&turnstiles[i].inside, __ATOMIC_SEQ_CST) > own_count)
			return false;
	}
	return true;
}

void gate_close(void)
{
	int error = errno;

	pthread_mutex_lock(&lock);
	__atomic_store_n(&is_closed, true, __ATOMIC_SEQ_CST);
	uint64_t until_ns = clock_monotonic_ns() + patience_ns;

	while (!is_empty_but_for_own() && clock_monotonic_ns() < until_ns)
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
	for (size_t i = 0; i < TURNSTILES; i++)
		__atomic_store_n(&turnstiles[i].inside, 0, __ATOMIC_SEQ_CST);
	if (depth)
		__atomic_store_n(&own_turnstile()->inside, 1, __ATOMIC_SEQ_CST);
}
