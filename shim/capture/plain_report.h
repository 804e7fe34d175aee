/* The report that needs no companion: module + offset for native frames, whole
 * language frames. `pqleak symbolize` completes it.
 *
 *	    #0 PQconnectdb (/usr/lib/x86_64-linux-gnu/libpq.so.5)
 *	    #1 0x7f12345678 (/usr/bin/app+0x1234) (BuildId: 0123abcd)
 *	    #2 handle_request /srv/app.py:19
 */
#ifndef CAPTURE_PLAIN_REPORT_H
#define CAPTURE_PLAIN_REPORT_H

#include <stdbool.h>

#include "ledger/writer.h"

/* Writes all that is on record to `fd`. Takes no lock: what is written while it
 * reads is left out. Returns whether all of it is written. Context: any; async-signal-safe.
 * Keeps errno. */
bool plain_report_write(const struct ledger *ledger, int fd);

/* Is anything left open, but for what was closed unseen, or misused? Context: as
 * plain_report_write. */
bool plain_report_is_failing(const struct ledger *ledger);

#endif
