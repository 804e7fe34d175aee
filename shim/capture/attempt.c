#include "capture/attempt.h"

#include <string.h>

_Thread_local struct attempt attempt;

void attempt_read(const struct libpq *libpq)
{
	const char *sqlstate = libpq->PQresultErrorField(attempt.result, PG_DIAG_SQLSTATE);

	if (sqlstate && strlen(sqlstate) < SQLSTATE_SIZE)
		strcpy(attempt.sqlstate, sqlstate);
	attempt.result = NULL;
}

PostgresPollingStatusType attempt_poll(const struct libpq *libpq, enum libpq_call call,
				       PGconn *conn)
{
	PostgresPollingStatusType (*real)(PGconn *) =
		(PostgresPollingStatusType(*)(PGconn *))libpq->call[call];

	attempt.polling = conn;
	attempt.result = NULL;
	PostgresPollingStatusType status = real(conn);

	if (status == PGRES_POLLING_FAILED && attempt.result && libpq->is_complete)
		attempt_read(libpq);
	attempt.polling = NULL;
	attempt.result = NULL;
	return status;
}
