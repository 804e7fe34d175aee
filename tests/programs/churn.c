/* Eight threads open and close 1,000 connections; a line is printed after each, as
 * one write, so that a test can count them as they happen. Ends when its input does.
 */
#include <libpq-fe.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

enum { THREADS = 8, CONNECTIONS = 1000 };

static atomic_int next;

static void *churn(void *unused)
{
	(void)unused;
	while (atomic_fetch_add(&next, 1) < CONNECTIONS) {
		PGconn *connection = PQconnectdb("");

		if (PQstatus(connection) != CONNECTION_OK) {
			fputs(PQerrorMessage(connection), stderr);
			_exit(1);
		}
		PQclear(PQexec(connection, "select 1"));
		PQfinish(connection);
		if (write(STDOUT_FILENO, ".", 1) != 1)
			_exit(1);
	}
	return NULL;
}

int main(void)
{
	pthread_t threads[THREADS];
	char byte;

	for (int index = 0; index < THREADS; index++)
		if (pthread_create(&threads[index], NULL, churn, NULL) != 0)
			return 1;
	for (int index = 0; index < THREADS; index++)
		pthread_join(threads[index], NULL);
	while (read(STDIN_FILENO, &byte, 1) > 0)
		continue;
	return 0;
}
