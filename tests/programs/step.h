/* Included in front of a case (-include) so that a test can look at the server and
 * the ledger after each call that opens or closes a connection: a byte is written to
 * the first descriptor of PQLEAK_TEST_STEPS ("W,R"), and one is awaited from the second.
 */
#ifndef STEP_H
#define STEP_H

#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void step_wait(void)
{
	const char *descriptors = getenv("PQLEAK_TEST_STEPS");
	int to_test, from_test;
	char byte = '.';

	if (descriptors == NULL || sscanf(descriptors, "%d,%d", &to_test, &from_test) != 2)
		return;
	if (write(to_test, &byte, 1) != 1 || read(from_test, &byte, 1) != 1)
		exit(99);
}

static PGconn *step_opened(PGconn *connection)
{
	step_wait();
	return connection;
}

/* A macro is not expanded again inside itself: these call the real functions. */
#define PQconnectdb(conninfo) step_opened(PQconnectdb(conninfo))
#define PQfinish(connection) (PQfinish(connection), step_wait())

#endif
