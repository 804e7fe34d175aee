/* Runs a program from inside of the host, unnoticed: no SIGCHLD, nothing for the
 * host's wait(), no descriptor but the standard ones. Where one of these is closed, and for a
 * standard error that may not be written to (base/log.h), it has /dev/null.
 *
 * execve gives every process SIGCHLD as its exit signal again, so that the program
 * cannot be the host's own child. An intermediate child, which has none and never
 * execs, starts it and ends at once, or waits for it.
 */
#ifndef CAPTURE_SPAWN_H
#define CAPTURE_SPAWN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct spawn {
	const char *path;
	const char *const *arguments;
	char *const *environment;
	int input;       /* becomes standard input; -1 leaves the host's */
	bool is_awaited; /* the calling thread sleeps until the program has ended */
	bool is_lasting; /* it may run for as long as the host: no minute's limit */
	pid_t *ret_pid;  /* where it is not awaited: whom to wait for; NULL not asked for */
};

/* Returns the program's exit status when it is awaited, else 0; or -Exxx: it could not
 * be started, -ETIMEDOUT after a minute (it is ended then), -EINTR when a signal
 * ended it. Context: any; async-signal-safe. Keeps errno. */
int spawn_run(const struct spawn *spawn);

/* Sleeps until the process `pid` has ended, or `wait_max_ns` have passed. Context: as above. */
void spawn_await(pid_t pid, uint64_t wait_max_ns);

/* Collects what earlier calls left behind and has ended. Context: as above. */
void spawn_reap(void);

#endif
