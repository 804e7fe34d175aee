/* One use of a connection, again and again, by one thread or several: prints the nanoseconds
 * of processor time that one takes, which others on the machine disturb least, and of time.
 *
 *	uses CONNECTIONS THREADS ROUNDS QUERY [QUERY]
 *
 * Each thread has CONNECTIONS of its own and uses them in turn. Without a QUERY ("") a use is
 * PQflush, which does nothing; two queries are one after the other, and count as one use.
 */
#include <libpq-fe.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { THREADS_MAX = 256 };

static int connections, threads;
static long rounds;
static char **queries;
static pthread_barrier_t ready;

static double now_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

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

static void *work(void *unused)
{
	PGconn **own = calloc((size_t)connections, sizeof(*own));

	for (int i = 0; i < connections; i++)
		use(own[i] = connect_one());
	pthread_barrier_wait(&ready);
	pthread_barrier_wait(&ready);
	for (long round = 0, i = 0; round < rounds; round++) {
		use(own[i]);
		i = i + 1 < connections ? i + 1 : 0;
	}
	pthread_barrier_wait(&ready);
	for (int i = 0; i < connections; i++)
		PQfinish(own[i]);
	free(own);
	return unused;
}

int main(int argc, char **argv)
{
	pthread_t ids[THREADS_MAX];
	double begun_cpu_ns, begun_ns;

	if (argc < 5 || (threads = atoi(argv[2])) < 1 || threads > THREADS_MAX)
		return 2;
	connections = atoi(argv[1]);
	rounds = atol(argv[3]);
	queries = argv + 4;
	pthread_barrier_init(&ready, NULL, (unsigned)threads + 1);
	for (int i = 0; i < threads; i++)
		if (pthread_create(&ids[i], NULL, work, NULL))
			return 1;
	pthread_barrier_wait(&ready);
	begun_cpu_ns = now_ns(CLOCK_PROCESS_CPUTIME_ID);
	begun_ns = now_ns(CLOCK_MONOTONIC);
	pthread_barrier_wait(&ready);
	pthread_barrier_wait(&ready);
	printf("%.2f %.2f\n",
	       (now_ns(CLOCK_PROCESS_CPUTIME_ID) - begun_cpu_ns) / (double)rounds / threads,
	       (now_ns(CLOCK_MONOTONIC) - begun_ns) / (double)rounds / threads);
	for (int i = 0; i < threads; i++)
		pthread_join(ids[i], NULL);
	return 0;
}
