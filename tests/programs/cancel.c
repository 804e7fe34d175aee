/* Creates and finishes a PGcancelConn (libpq 17 and newer) beside a connection. */
#include <dlfcn.h>
#include <libpq-fe.h>
#include <stdio.h>

/* Not in the headers of older libpqs. */
struct pg_cancel_conn;
extern struct pg_cancel_conn *PQcancelCreate(PGconn *connection);
extern int PQcancelBlocking(struct pg_cancel_conn *cancel);
extern void PQcancelFinish(struct pg_cancel_conn *cancel);

int main(void)
{
	PGconn *connection = PQconnectdb("");
	struct pg_cancel_conn *cancel = PQcancelCreate(connection);

	printf("libpq %d, cancelled %d\n", PQlibVersion() / 10000, PQcancelBlocking(cancel));
	PQcancelFinish(cancel);
	printf("status %d\n", PQstatus(connection));
	PQfinish(connection);
	return 0;
}
