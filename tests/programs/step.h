/* Included in front of a case (-include) so that a test can look at the server and
 * the ledger after each call that opens or closes a connection (step_wait.h).
 */
#ifndef STEP_H
#define STEP_H

#include <libpq-fe.h>

#include "step_wait.h"

static PGconn *step_opened(PGconn *connection)
{
	step_wait();
	return connection;
}

/* A macro is not expanded again inside itself: these call the real functions. */
#define PQconnectdb(conninfo) step_opened(PQconnectdb(conninfo))
#define PQfinish(connection) (PQfinish(connection), step_wait())

#endif
