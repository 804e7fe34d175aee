/* Who gets the report when the process ends, or when it is asked for. */
#ifndef CAPTURE_DELIVERY_H
#define CAPTURE_DELIVERY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/options.h"

/* Context: constructor only. `is_collecting`: `pqleak run` reads the ledgers; this
 * process reports only when its own is not in the directory that run gave, and leaves a
 * file there that says so (PID.reported, or PID.failed), where it can. `options`
 * lives as long as the process. */
void delivery_init(const struct options *options, bool is_collecting);

/* The process is ending: the companion reports, or the shim itself where there is
 * none; the ledger is removed. Returns the exit status that the process is to end with, or
 * -1 for its own. Context: any; async-signal-safe. Keeps errno. */
int delivery_final(void);

/* Reports on the running process because the call to come may end it, and waits for the report;
 * once a minute at most. Under `pqleak run` that one tells it, as it does of what is killed.
 * Context: any thread, no lock of ours held. Keeps errno. */
void delivery_warn(void);

/* Reports on the running process, and does not wait: `reason` is a word of
 * base/reasons.def, with its detail. `copy` >= 0 has the ledger of the moment to report on.
 * Context: any; async-signal-safe. Keeps errno. */
void delivery_now(const char *reason, int copy);

/* Was the last report of a kind a minute ago, or never (0)? Of threads that ask at once one is
 * told yes, and `at_ns` is now. Context: any; async-signal-safe. */
bool delivery_is_due(uint64_t *at_ns);

#endif
