/* Prints errno, set to 77 before, after each of the calls that open, use and close. */
#include <errno.h>
#include <libpq-fe.h>
#include <stdio.h>

#define PRINT_ERRNO(call) (errno = 77, (call), printf("%s: errno %d\n", #call, errno))

int main(void)
{
	PGconn *connection, *refused;
	PGresult *result;

	/* The first connection warms up what libpq loads once. */
	PQfinish(PQconnectdb(""));
	PRINT_ERRNO(connection = PQconnectdb(""));
	PRINT_ERRNO(result = PQexec(connection, "select 1"));
	PRINT_ERRNO(PQclear(result));
	PRINT_ERRNO(PQsendQuery(connection, "select 2"));
	while ((result = PQgetResult(connection)) != NULL)
		PQclear(result);
	PRINT_ERRNO(PQreset(connection));
	PRINT_ERRNO(PQfinish(connection));
	PRINT_ERRNO(PQfinish(NULL));
	PRINT_ERRNO(refused = PQconnectdb("dbname=no_such_database"));
	PRINT_ERRNO(PQfinish(refused));
	return 0;
}
