/* A library to preload that wraps two calls of libpq, as pqleak does, and knows nothing
 * of libpq beside them.
 */
#include <dlfcn.h>
#include <libpq-fe.h>
#include <stdio.h>

PGconn *PQconnectdb(const char *conninfo)
{
	PGconn *(*next)(const char *) = (PGconn * (*)(const char *)) dlsym(RTLD_NEXT, __func__);

	fputs("wrapped connect\n", stderr);
	return next(conninfo);
}

PGresult *PQexec(PGconn *conn, const char *query)
{
	PGresult *(*next)(PGconn *, const char *) =
		(PGresult * (*)(PGconn *, const char *)) dlsym(RTLD_NEXT, __func__);

	fputs("wrapped exec\n", stderr);
	return next(conn, query);
}
