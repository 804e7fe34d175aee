/* Is linked to libpq, and talks through another one that lies in a namespace of its own. */
#include <dlfcn.h>
#include <libpq-fe.h>
#include <stdio.h>

#define OF(handle, name) ((__typeof__(&name))dlsym(handle, #name))

int main(int argc, char **argv)
{
	void *other = argc > 1 ? dlmopen(LM_ID_NEWLM, argv[1], RTLD_NOW) : NULL;

	if (other == NULL) {
		puts(dlerror());
		return 1;
	}
	PGconn *here = PQconnectdb("");
	PGconn *there = OF(other, PQconnectdb)("");
	PGresult *result = OF(other, PQexec)(there, "select 'it works'");

	printf("libpq %d and %d, server %d: %s\n", PQlibVersion() / 10000,
	       OF(other, PQlibVersion)() / 10000, OF(other, PQserverVersion)(there) / 10000,
	       OF(other, PQgetvalue)(result, 0, 0));
	OF(other, PQclear)(result);
	OF(other, PQfinish)(there);
	PQfinish(here);
	return 0;
}
