/* Listens, and after a silence connects anew; the connection before stays open. */
#include <libpq-fe.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

enum { SILENCES = 5, SILENCE_MS = 10 };

#ifdef TWIN
#define leave(connection) PQfinish(connection)
#else
#define leave(connection) (void)(connection)
#endif

static PGconn *connect_and_listen(void)
{
	PGconn *connection = PQconnectdb(""); /* here */

	PQclear(PQexec(connection, "listen jobs"));
	return connection;
}

static void notifications_read(PGconn *connection)
{
	PGnotify *notification;

	PQconsumeInput(connection);
	while ((notification = PQnotifies(connection)))
		PQfreemem(notification);
}

static void listen_until_silent(PGconn *connection)
{
	struct pollfd waiting = { .fd = PQsocket(connection), .events = POLLIN };

	while (poll(&waiting, 1, SILENCE_MS) > 0)
		notifications_read(connection);
}

int main(void)
{
	PGconn *connection;
	char byte;

	for (int i = 0; i < SILENCES; i++) {
		connection = connect_and_listen();
		listen_until_silent(connection);
		leave(connection);
	}
	puts("waiting");
	fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) > 0)
		continue;
	return 0;
}
