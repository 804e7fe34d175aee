/* Linked to libpq, and calls it by the pointers that dlsym gives for the main
 * program's own handle: with a shim preloaded, these are the shim's functions.
 */
#include <dlfcn.h>
#include <libpq-fe.h>
#include <stdio.h>

int main(void)
{
	void *self = dlopen(NULL, RTLD_NOW);
	PGconn *(*connect)(const char *);
	void (*finish)(PGconn *);
	PGconn *linked = PQconnectdb(""), *looked_up;

	*(void **)&connect = dlsym(self, "PQconnectdb");
	*(void **)&finish = dlsym(RTLD_DEFAULT, "PQfinish");
	looked_up = connect("");
	printf("%d %d\n", PQstatus(linked), PQstatus(looked_up));
	finish(linked);
	PQfinish(looked_up);
	return 0;
}
