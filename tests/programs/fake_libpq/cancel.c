/* Cancelling. The newer kind is a connection in disguise, at the same address. */
#include "fake_libpq.h"

#include <stdlib.h>
#include <string.h>

struct pg_cancel {
	int backend_pid;
};

PGcancel *PQgetCancel(PGconn *conn)
{
	PGcancel *cancel;

	CHECK(conn);
	if (!conn || conn->socket < 0)
		return NULL;
	cancel = malloc(sizeof(*cancel));
	if (cancel)
		cancel->backend_pid = conn->backend_pid;
	return cancel;
}

void PQfreeCancel(PGcancel *cancel)
{
	free(cancel);
}

int PQcancel(PGcancel *cancel, char *error, int size)
{
	if (!cancel && size > 0)
		strncpy(error, "no cancel", (size_t)size);
	return cancel != NULL;
}

int PQrequestCancel(PGconn *conn)
{
	CHECK(conn);
	return conn && conn->status == CONNECTION_OK;
}

static PGconn *disguised(const PGcancelConn *cancel)
{
	return (PGconn *)(void *)cancel;
}

PGcancelConn *PQcancelCreate(PGconn *conn)
{
	char text[4 * FAKE_TEXT_MAX] = "user=cancel fake_polls=0 dbname=";

	CHECK(conn);
	if (conn)
		strcat(text, conn->conninfo.dbname);
	return (PGcancelConn *)(void *)PQconnectStart(text);
}

int PQcancelStart(PGcancelConn *cancel)
{
	CHECK(disguised(cancel));
	return cancel && disguised(cancel)->status != CONNECTION_BAD;
}

PostgresPollingStatusType PQcancelPoll(PGcancelConn *cancel)
{
	return PQconnectPoll(disguised(cancel));
}

int PQcancelBlocking(PGcancelConn *cancel)
{
	PostgresPollingStatusType answer;

	if (!PQcancelStart(cancel))
		return 0;
	do {
		answer = PQconnectPoll(disguised(cancel));
	} while (answer == PGRES_POLLING_READING || answer == PGRES_POLLING_WRITING);
	return answer == PGRES_POLLING_OK;
}

ConnStatusType PQcancelStatus(const PGcancelConn *cancel)
{
	return PQstatus(disguised(cancel));
}

int PQcancelSocket(const PGcancelConn *cancel)
{
	return PQsocket(disguised(cancel));
}

char *PQcancelErrorMessage(const PGcancelConn *cancel)
{
	return PQerrorMessage(disguised(cancel));
}

void PQcancelReset(PGcancelConn *cancel)
{
	CHECK(disguised(cancel));
}

void PQcancelFinish(PGcancelConn *cancel)
{
	PQfinish(disguised(cancel)); /* a jump, as in libpq 17 and 18 */
}
