/* Whose memory is whose, and what is open. */
#include "fake_libpq.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

enum { FINISHED = 0xdead };

static pthread_mutex_t free_lock = PTHREAD_MUTEX_INITIALIZER;
static PGconn *free_list; /* under free_lock; never given back, so that it can be checked */
static atomic_int open_count;

static void take_free_lock(void)
{
	pthread_mutex_lock(&free_lock);
}

static void give_free_lock(void)
{
	pthread_mutex_unlock(&free_lock);
}

/* As malloc, which the real one uses, does. */
__attribute__((constructor)) static void survive_fork(void)
{
	pthread_atfork(take_free_lock, give_free_lock, give_free_lock);
}

int PQlibVersion(void)
{
	return FAKE_LIBPQ_VERSION;
}

int fake_libpq_open_count(void)
{
	return atomic_load(&open_count);
}

void fake_check(const PGconn *conn, const char *call)
{
	if (!conn || conn->magic == FAKE_LIBPQ_VERSION)
		return;
	fprintf(stderr, "fake libpq %d: %s on %s %p\n", FAKE_LIBPQ_VERSION, call,
		conn->magic == FINISHED ? "the finished connection"
					: "what is no connection of it:",
		(const void *)conn);
	abort();
}

PGconn *fake_take_memory(void)
{
	PGconn *conn;

	pthread_mutex_lock(&free_lock);
	conn = free_list;
	if (conn)
		free_list = conn->next_free;
	pthread_mutex_unlock(&free_lock);
	if (!conn)
		conn = malloc(sizeof(*conn));
	if (conn)
		atomic_fetch_add(&open_count, 1);
	return conn;
}

void fake_give_memory(PGconn *conn)
{
	atomic_fetch_sub(&open_count, 1);
	conn->magic = FINISHED;
	pthread_mutex_lock(&free_lock);
	conn->next_free = free_list;
	free_list = conn;
	pthread_mutex_unlock(&free_lock);
}
