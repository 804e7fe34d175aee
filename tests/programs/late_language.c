/* A C program that loads Python when it has opened connections already, from the line that opens
 * the next ones, too. Python uses the last one by a function of the program's.
 *
 *	late_language libpython.so
 */
#include <dlfcn.h>
#include <libpq-fe.h>
#include <stdio.h>

enum { BEFORE = 5, AFTER = 2 };

static PGconn *connection;

void use(void);

/* Not the last thing that a function does, or it would not be on the stack. */
#define STAY __asm__ volatile("")

__attribute__((noinline, visibility("default"))) void use(void)
{
	PQclear(PQexec(connection, "select 1"));
	STAY;
}

static void *load(const char *path)
{
	void *library = dlopen(path, RTLD_NOW | RTLD_GLOBAL);
	void (*begin)(int);

	if (!library) {
		fprintf(stderr, "%s\n", dlerror());
		return NULL;
	}
	*(void **)&begin = dlsym(library, "Py_InitializeEx");
	begin(0);
	return library;
}

int main(int argc, char **argv)
{
	int (*run)(const char *);
	void *library = NULL;

	if (argc != 2)
		return 2;
	for (int round = 0; round < BEFORE + AFTER; round++) {
		if (round == BEFORE && !(library = load(argv[1])))
			return 2;
		if (connection)
			PQfinish(connection);
		connection = PQconnectdb("");
	}
	*(void **)&run = dlsym(library, "PyRun_SimpleString");
	return run("import ctypes\n"
		   "program = ctypes.PyDLL(None)\n"
		   "def work():\n"
		   "    program.use()\n"
		   "work()\n");
}
