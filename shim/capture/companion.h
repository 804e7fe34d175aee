/* Starts the companion (`pqleak`) from inside of the host.
 *
 * It is a child without an exit signal: no SIGCHLD, and the host's wait() does not
 * collect it. It inherits the standard descriptors only, and of the environment what
 * it needs. `companion_start` is async-signal-safe; `companion_prepare` reads what
 * is not safe to read later.
 */
#ifndef CAPTURE_COMPANION_H
#define CAPTURE_COMPANION_H

#include <stdbool.h>
#include <sys/types.h>

/* Finds the companion beside the shim, in a build tree or installed, and copies the
 * environment. Context: any thread, no lock of ours held. */
void companion_prepare(void);

/* Where it is expected; "" before companion_prepare. */
const char *companion_path(void);

/* Runs `pqleak report` on the ledger at `path`, or with `input` >= 0 on that
 * descriptor, as its standard input. `is_final`: the process is ending, and the exit
 * status says whether the report fails. Returns its pid or -Exxx. */
pid_t companion_start(const char *path, int input, bool is_final);

/* Waits for it, a minute at most, then ends it. Returns its exit status, or -Exxx:
 * -ETIMEDOUT, -ECHILD, -EINTR when it was killed. Keeps errno. */
int companion_wait(pid_t pid);

/* Collects those that companion_start left behind and that have ended. */
void companion_reap(void);

#endif
