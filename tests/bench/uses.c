/* One use of a connection, again and again, by one thread or several: prints the nanoseconds
 * of processor time that one takes, which others on the machine disturb least, of time, and of
 * time while all threads had a processor (together.h).
 *
 *	uses CONNECTIONS THREADS ROUNDS QUERY [QUERY]
 *
 * Each thread has CONNECTIONS of its own and uses them in turn. Without a QUERY ("") a use is
 * PQflush, which does nothing; two queries are one after the other, and count as one use.
 */
#include <libpq-fe.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "together.h"

enum { PART = 1000 };

static int connections, threads;
static long rounds;
static char **queries;

static PGconn *connect_one(void)
{
	PGconn *connection = PQconnectdb("");

	if (PQstatus(connection) != CONNECTION_OK) {
		fputs(PQerrorMessage(connection), stderr);
		exit(1);
	}
	return connection;
}

static void use(PGconn *connection)
{
	if (!*queries[0])
		PQflush(connection);
	for (char **query = queries; *query && **query; query++)
		PQclear(PQexec(connection, *query));
}

struct own {
	PGconn **connections;
	int next;
};

static void part(long count, void *argument)
{
	struct own *own = argument;

	for (long round = 0; round < count; round++) {
		use(own->connections[own->next]);
		own->next = own->next + 1 < connections ? own->next + 1 : 0;
	}
}

static void *work(void *thread)
{
	struct own own = { .connections = calloc((size_t)connections, sizeof(PGconn *)) };

	for (int i = 0; i < connections; i++)
		use(own.connections[i] = connect_one());
	together_run((int)(intptr_t)thread, rounds, PART, part, &own);
	for (int i = 0; i < connections; i++)
		PQfinish(own.connections[i]);
	free(own.connections);
	return NULL;
}

int main(int argc, char **argv)
{
	double cpu_ns, ns;

	if (argc < 5 || (threads = atoi(argv[2])) < 1 || threads > TOGETHER_THREADS_MAX)
		return 2;
	connections = atoi(argv[1]);
	rounds = atol(argv[3]);
	queries = argv + 4;
	if (!together_time(threads, work, &cpu_ns, &ns))
		return 1;
	printf("%.2f %.2f %.2f\n", cpu_ns / (double)rounds / threads,
	       ns / (double)rounds / threads, together_end());
	return 0;
}
