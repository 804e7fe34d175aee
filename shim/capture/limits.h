/* What is reported while the process runs, because a limit was reached: a connect that was
 * refused because the server has too many (PQLEAK_ON_EXHAUSTION), PQLEAK_MAX_OPEN; and who
 * watches PQLEAK_MAX_AGE and PQLEAK_MAX_TRANSACTION, which a stuck process cannot. Each at
 * most once a minute and process.
 */
#ifndef CAPTURE_LIMITS_H
#define CAPTURE_LIMITS_H

#include "base/options.h"
#include "capture/libpq.h"
#include "ledger/writer.h"

/* Context: constructor only. `options` live as long as the process. */
void limits_init(const struct options *options);

/* The first record of a process, a forked child's too: nothing was reported yet, and the
 * watching companion starts, where it is wanted. Context: any thread, no lock held. */
void limits_begin(const struct ledger *ledger);

/* A connect on `conn` has ended, for better or worse, and is recorded. `sqlstate` is "" or
 * that of its failure. Context: any thread, no lock held. Keeps errno. */
void limits_check(const struct libpq *libpq, const PGconn *conn, const char *sqlstate);

#endif
