/* Leaves the function where an error is found, and PQfinish out with it. */
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#ifdef TWIN
#define leave(connection) PQfinish(connection)
#else
#define leave(connection) (void)(connection)
#endif

static int divide(const char *divisor)
{
	PGconn *connection = PQconnectdb(""); /* here */
	PGresult *result = PQexecParams(connection, "select 6 / $1::int", 1, NULL, &divisor, NULL,
					NULL, 0);
	int quotient;

	if (PQresultStatus(result) != PGRES_TUPLES_OK) {
		PQclear(result);
		leave(connection);
		return -1;
	}
	quotient = atoi(PQgetvalue(result, 0, 0));
	PQclear(result);
	PQfinish(connection);
	return quotient;
}

int main(void)
{
	static const char *const divisors[] = { "3", "0", "2", "0", "1" };
	char byte;

	for (size_t i = 0; i < sizeof(divisors) / sizeof(divisors[0]); i++)
		printf("%d\n", divide(divisors[i]));
	puts("waiting");
	fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) > 0)
		continue;
	return 0;
}
