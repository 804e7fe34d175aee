/* A library with two functions of libpq's names that are not libpq's, as tests bring. */
#include <libpq-fe.h>
#include <stdio.h>

PGconn *PQconnectdb(const char *conninfo)
{
	(void)conninfo;
	puts("the mock's connect");
	return NULL;
}

void PQfinish(PGconn *conn)
{
	(void)conn;
	puts("the mock's finish");
}
