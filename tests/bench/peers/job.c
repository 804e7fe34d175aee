/* Looks orders up, a connection each, and closes it; audits some, and forgets to.
 *
 *	job ORDERS AUDITS
 *
 * Server and user come from PGHOST, PGPORT, PGUSER and PGDATABASE.
 */
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>

static void query(PGconn *connection)
{
	PGresult *result = PQexec(connection, "select 1");

	if (PQresultStatus(result) != PGRES_TUPLES_OK) {
		fputs(PQerrorMessage(connection), stderr);
		exit(1);
	}
	PQclear(result);
}

/* A function of its own in everybody's report, as in a program of more than one page. */
static __attribute__((noinline)) void look_up(void)
{
	PGconn *connection = PQconnectdb("");

	query(connection);
	PQfinish(connection);
}

static __attribute__((noinline)) void audit(void)
{
	PGconn *connection = PQconnectdb("");

	query(connection);
	query(connection);
}

int main(int argc, char **argv)
{
	int orders = argc > 1 ? atoi(argv[1]) : 0, audits = argc > 2 ? atoi(argv[2]) : 0;

	for (int i = 0; i < orders; i++) {
		look_up();
		if (i < audits)
			audit();
	}
	puts("done");
	return 0;
}
