/* A plug-in that opens a connection and closes it again, and is unloaded. */
#include <libpq-fe.h>

void threads_plugin_visit(void);

void threads_plugin_visit(void)
{
	PGconn *connection = PQconnectdb("fake_socket=0");

	PQclear(PQexec(connection, "select 1"));
	PQfinish(connection);
}
