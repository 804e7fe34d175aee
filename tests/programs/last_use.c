/* Uses one connection from callers that are hard to tell apart: they call the same helper, with
 * the same arguments, from frames of the same size.
 *
 *	last_use CALLERS
 *
 * Each letter is a caller: a, b and c differ by the line that calls; d has a frame whose size
 * changes; r comes from a recursion as deep as its place in the word; t from another thread.
 * The connection is left open.
 */
#include <alloca.h>
#include <libpq-fe.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* No tail call, and no two functions made one. */
#define KEEP(call)                                              \
	do {                                                    \
		call;                                           \
		__asm__ volatile("" : : "i"(__LINE__), "m"(marks[__LINE__])); \
	} while (0)

static char marks[200];

static __attribute__((noinline)) void helper(PGconn *connection)
{
	KEEP(PQclear(PQexec(connection, "select 1")));
}

static __attribute__((noinline)) void caller_a(PGconn *connection)
{
	KEEP(helper(connection));
}

static __attribute__((noinline)) void caller_b(PGconn *connection)
{
	KEEP(helper(connection));
}

static __attribute__((noinline)) void caller_c(PGconn *connection)
{
	KEEP(helper(connection));
	KEEP(caller_b(connection));
}

static __attribute__((noinline)) void caller_d(PGconn *connection, size_t size)
{
	volatile char *room = alloca(64 * size + 16);

	memset((char *)room, 0, 64 * size + 16);
	KEEP(helper(connection));
	room[0] = 1;
}

static __attribute__((noinline)) void caller_r(PGconn *connection, int depth)
{
	if (depth > 0)
		KEEP(caller_r(connection, depth - 1));
	else
		KEEP(helper(connection));
}

static void *caller_t(void *connection)
{
	KEEP(caller_a(connection));
	return NULL;
}

static __attribute__((noinline)) void call(PGconn *connection, char caller, int place)
{
	pthread_t thread;

	switch (caller) {
	case 'a':
		KEEP(caller_a(connection));
		break;
	case 'b':
		KEEP(caller_b(connection));
		break;
	case 'c':
		KEEP(caller_c(connection));
		break;
	case 'd':
		KEEP(caller_d(connection, (size_t)place));
		break;
	case 'r':
		KEEP(caller_r(connection, place));
		break;
	default:
		if (pthread_create(&thread, NULL, caller_t, connection))
			exit(1);
		pthread_join(thread, NULL);
	}
}

int main(int argc, char **argv)
{
	PGconn *connection = PQconnectdb("");

	if (argc != 2 || PQstatus(connection) != CONNECTION_OK)
		return 1;
	for (int place = 0; argv[1][place]; place++)
		call(connection, argv[1][place], place);
	return 0;
}
