/* A plug-in; which libpq it talks through is decided when it is linked. */
#include <libpq-fe.h>
#include <stdio.h>

int plugin_talk(void);
PGconn *plugin_forget(void);

/* Opens, asks the library and the server who they are, and closes. */
int plugin_talk(void)
{
	PGconn *connection = PQconnectdb("");
	PGresult *result = PQexec(connection, "select 'it works'");

	printf("libpq %d, server %d, host %s: %s%s\n", PQlibVersion() / 10000,
	       PQserverVersion(connection) / 10000, PQhost(connection),
	       PQresultStatus(result) == PGRES_TUPLES_OK ? PQgetvalue(result, 0, 0) : "failed: ",
	       PQerrorMessage(connection));
	PQclear(result);
	PQfinish(connection);
	return 0;
}

PGconn *plugin_forget(void)
{
	PGconn *connection = PQconnectdb("");

	/* No sibling call: this function has a frame of its own. */
	printf("status %d\n", PQstatus(connection));
	return connection;
}
