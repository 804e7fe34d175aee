/* A libpq of a few functions that needs no server, built in ways that no package of
 * Debian's is: -Bsymbolic (its own calls do not pass the PLT), or with symbol versions.
 */
#include <libpq-fe.h>
#include <stdlib.h>

#define EXPORT __attribute__((visibility("default")))

struct pg_conn {
	ConnStatusType status;
};

EXPORT PGconn *PQconnectStart(const char *conninfo)
{
	PGconn *connection = calloc(1, sizeof(*connection));

	(void)conninfo;
	if (connection != NULL)
		connection->status = CONNECTION_STARTED;
	return connection;
}

EXPORT PostgresPollingStatusType PQconnectPoll(PGconn *connection)
{
	connection->status = CONNECTION_OK;
	return PGRES_POLLING_OK;
}

/* As libpq does it: through its own exported functions. */
EXPORT PGconn *PQconnectdb(const char *conninfo)
{
	PGconn *connection = PQconnectStart(conninfo);

	if (connection != NULL)
		PQconnectPoll(connection);
	return connection;
}

EXPORT void PQfinish(PGconn *connection)
{
	free(connection);
}

EXPORT ConnStatusType PQstatus(const PGconn *connection)
{
	return connection->status;
}

EXPORT PGTransactionStatusType PQtransactionStatus(const PGconn *connection)
{
	(void)connection;
	return PQTRANS_IDLE;
}

EXPORT int PQbackendPID(const PGconn *connection)
{
	(void)connection;
	return 4711;
}

EXPORT int PQsocket(const PGconn *connection)
{
	(void)connection;
	return -1;
}

EXPORT int PQserverVersion(const PGconn *connection)
{
	(void)connection;
	return 90603;
}

EXPORT const char *PQparameterStatus(const PGconn *connection, const char *name)
{
	(void)connection;
	(void)name;
	return NULL;
}

EXPORT char *PQresultErrorField(const PGresult *result, int field)
{
	(void)result;
	(void)field;
	return NULL;
}

EXPORT int PQlibVersion(void)
{
	return 90603;
}

/* Old libpqs give NULL where there is nothing to say. */
#define NO_TEXT(name)                            \
	EXPORT char *name(const PGconn *connection) \
	{                                        \
		(void)connection;                \
		return NULL;                     \
	}

NO_TEXT(PQdb)
NO_TEXT(PQuser)
NO_TEXT(PQhost)
NO_TEXT(PQport)
NO_TEXT(PQerrorMessage)
