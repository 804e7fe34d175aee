/* One PGconn has many sockets: none of them is a connection of its own.
 *
 *	sockets	a refused host, a server of the wrong kind twice, two resets, a cancel
 */
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>

static PGconn *connect_to(const char *hosts, const char *ports, const char *attributes)
{
	const char *const words[] = { "host", "port", "target_session_attrs", NULL };
	const char *const values[] = { hosts, ports, attributes, NULL };

	return PQconnectdbParams(words, values, 0);
}

int main(void)
{
	const char *port = getenv("PGPORT");
	char ports[64], reason[256];
	PGconn *connection;
	PGcancel *cancel;

	snprintf(ports, sizeof(ports), "1,%s", port);
	connection = connect_to("127.0.0.1,127.0.0.1", ports, "any");
	PQreset(connection);
	PQreset(connection);
	cancel = PQgetCancel(connection);
	printf("status %d, cancelled %d\n", PQstatus(connection),
	       PQcancel(cancel, reason, sizeof(reason)));
	PQfreeCancel(cancel);
	PQfinish(connection);

	snprintf(ports, sizeof(ports), "%s,%s", port, port);
	connection = connect_to("127.0.0.1,127.0.0.1", ports, "read-only");
	printf("status %d\n", PQstatus(connection));
	PQfinish(connection);
	return 0;
}
