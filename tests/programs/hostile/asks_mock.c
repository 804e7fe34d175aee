/* Is linked to libpq, and asks another library for functions of the same names. */
#include <dlfcn.h>
#include <libpq-fe.h>
#include <stdio.h>

#define OF(handle, name) ((__typeof__(&name))dlsym(handle, #name))

int main(int argc, char **argv)
{
	void *mock = argc > 1 ? dlopen(argv[1], RTLD_NOW | RTLD_LOCAL) : NULL;

	if (mock == NULL)
		return 1;
	OF(mock, PQfinish)(OF(mock, PQconnectdb)(""));
	PGconn *connection = PQconnectdb("");

	printf("status %d\n", PQstatus(connection));
	PQfinish(connection);
	return 0;
}
