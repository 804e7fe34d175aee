/* A library that connects in its constructor, before those of what is preloaded. The program
 * that is linked to it does nothing more.
 */
#include <libpq-fe.h>

#ifdef PROGRAM
PGconn *early_connection(void);

int main(void)
{
	return PQstatus(early_connection()) == CONNECTION_OK ? 0 : 1;
}
#else
static PGconn *connection;

__attribute__((constructor)) static void connect_early(void)
{
	connection = PQconnectdb("");
}

PGconn *early_connection(void);

PGconn *early_connection(void)
{
	return connection;
}
#endif
