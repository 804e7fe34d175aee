/* The heir of the doctor: see doctor_watch.h. */
#ifndef CLI_DOCTOR_HEIR_H
#define CLI_DOCTOR_HEIR_H

#include <linux/seccomp.h>
#include <stdbool.h>
#include <sys/types.h>

/* One held-up call. A newer kernel's records are longer than this build's. */
union call {
	struct seccomp_notif notice;
	char bytes[4096];
};

/* Takes the next call. False when there is none: its thread has ended, say. */
bool call_receive(int listener, union call *ret_call);

/* Lets it happen. */
void call_pass(int listener, const union call *call);

struct heir {
	pid_t pid;
	int pipe; /* keeps it waiting until all copies are closed */
};

/* Starts the heir, in a session of its own: a child that no wait() for any child sees.
 * Returns 0 or -Exxx. */
int heir_start(struct heir *heir, int listener);

/* Lets it begin; when nothing is left for it to do, waits for its end. */
void heir_finish(struct heir *heir, bool is_over);

#endif
