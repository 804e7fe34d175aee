/* Connects again and again, and never finishes what failed to connect. */
#include <libpq-fe.h>
#include <stdio.h>
#include <unistd.h>

#ifdef TWIN
#define give_up(connection) PQfinish(connection)
#else
#define give_up(connection) (void)(connection)
#endif

static PGconn *connect_with_retry(int attempts)
{
	for (int attempt = 0; attempt < attempts; attempt++) {
		PGconn *connection = PQconnectdb("dbname=no_such_database"); /* here */

		if (PQstatus(connection) == CONNECTION_OK)
			return connection;
		give_up(connection);
	}
	return NULL;
}

int main(void)
{
	char byte;

	if (connect_with_retry(5))
		return 1;
	puts("waiting");
	fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) > 0)
		continue;
	return 0;
}
