/* A program that has no libpq and asks dlsym for its functions, as ctypes, cffi and JNA
 * do. Each argument is a libpq to talk through; all connections are open before the first
 * is used. `-forget` leaves the next one open.
 */
#include <dlfcn.h>
#include <libpq-fe.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { LIBRARIES = 8 };

struct library {
	void *handle;
	PGconn *connection;
	bool is_forgotten;
};

/* The manual's way: clear the error, ask, look at the error. */
static void *find(void *handle, const char *name)
{
	dlerror();
	void *function = dlsym(handle, name);
	const char *error = dlerror();

	if (error)
		printf("%s: %s\n", name, strstr(error, "undefined symbol") ? "none" : error);
	return function;
}

#define CALL(library, name) ((__typeof__(&name))find((library)->handle, #name))

static int open_through(struct library *library, const char *path)
{
	library->handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (!library->handle) {
		fprintf(stderr, "%s\n", dlerror());
		return 1;
	}
	library->connection = CALL(library, PQconnectdb)("");
	return 0;
}

static void talk(const struct library *library)
{
	PGconn *connection = library->connection;
	PGresult *result = CALL(library, PQexec)(connection, "select 'it works'");

	printf("libpq %d, server %d, host %s: %s\n", CALL(library, PQlibVersion)() / 10000,
	       CALL(library, PQserverVersion)(connection) / 10000,
	       CALL(library, PQhost)(connection), CALL(library, PQgetvalue)(result, 0, 0));
	CALL(library, PQclear)(result);
	find(library->handle, "PQnobody");
	if (!library->is_forgotten)
		CALL(library, PQfinish)(connection);
}

int main(int argc, char **argv)
{
	struct library libraries[LIBRARIES] = { 0 };
	int count = 0;

	printf("in no scope: %s\n", find(RTLD_DEFAULT, "PQconnectdb") ? "found" : "none");
	printf("in the program's: %s\n",
	       find(dlopen(NULL, RTLD_LAZY), "PQfinish") ? "found" : "none");
	printf("the next: %s\n", find(RTLD_NEXT, "PQexec") ? "found" : "none");
	for (int index = 1; index < argc && count < LIBRARIES; index++) {
		if (strcmp(argv[index], "-forget") == 0)
			libraries[count].is_forgotten = true;
		else if (open_through(&libraries[count++], argv[index]) != 0)
			return 1;
	}
	for (int index = 0; index < count; index++)
		talk(&libraries[index]);
	return 0;
}
