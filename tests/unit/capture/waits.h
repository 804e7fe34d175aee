/* System calls that wait, one row each, and what brings them to their end. */
#ifndef CAPTURE_WAITS_H
#define CAPTURE_WAITS_H

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

enum { HOSTS = SIGUSR1 }; /* the signal that the host has a handler for */

struct wait {
	const char *name;
	int (*wait)(void);              /* 0, or -Exxx */
	void (*end)(pthread_t thread);  /* of the thread that waits */
	bool is_for_signals;            /* waits for HOSTS itself */
};

extern const struct wait waits[];
extern const size_t wait_count;

/* How often the host's handler ran. */
extern atomic_int host_count;
void waits_handle_hosts(int number);

/* Around each wait: what it waits on. */
void waits_begin(void);
void waits_end(void);

#endif
