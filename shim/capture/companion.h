/* The companion (`pqleak`), run from inside of the host (capture/spawn.h), with what
 * it needs of the environment.
 */
#ifndef CAPTURE_COMPANION_H
#define CAPTURE_COMPANION_H

#include <stdbool.h>
#include <sys/types.h>

/* Finds the companion beside the shim, in a build tree or installed, and copies the
 * environment, which is not safe to read later. Context: any thread, no lock of ours
 * held. Keeps errno. */
void companion_prepare(void);

/* Where it is expected; "" before companion_prepare. */
const char *companion_path(void);

/* Runs `pqleak report` on the ledger at `path`, or with `input` >= 0 on that descriptor.
 * Without a `reason` ("--reason=signal") the process is ending. `is_awaited`: waits, and
 * returns the exit status, which says whether the report fails. Else 0 once it is started,
 * with *ret_pid to wait for. Or -Exxx. Context: any; async-signal-safe. Keeps errno. */
int companion_report(const char *path, int input, const char *reason, bool is_awaited,
		     pid_t *ret_pid);

/* Starts `pqleak watch` on the ledger at `path`: it ends with this process. Returns 0 or
 * -Exxx. Context: as above. */
int companion_watch(const char *path);

#endif
