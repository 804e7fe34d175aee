/* Opens one connection and ends in the way that the argument names, one row each.
 *
 * Server and user come from PGHOST, PGPORT, PGUSER and PGDATABASE.
 */
#include <libpq-fe.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static PGconn *connection;
static int is_closed_by_destructor;

static PGconn *open_one(const char *conninfo)
{
	PGconn *opened = PQconnectdb(conninfo);

	if (PQstatus(opened) != CONNECTION_OK)
		fputs(PQerrorMessage(opened), stderr);
	return opened;
}

static void close_connection(void)
{
	PQfinish(connection);
}

__attribute__((destructor)) static void close_in_destructor(void)
{
	if (is_closed_by_destructor)
		close_connection();
}

static int end_none(void)
{
	return 3;
}

static int end_close(void)
{
	connection = open_one("");
	close_connection();
	return 0;
}

static int end_static_destructor(void)
{
	connection = open_one("");
	is_closed_by_destructor = 1;
	return 0;
}

static int end_atexit(void)
{
	connection = open_one("");
	atexit(close_connection);
	return 0;
}

enum { SOME = 3 };
static PGconn *some[SOME];

static void close_some(void)
{
	for (int i = 0; i < SOME; i++)
		PQfinish(some[i]);
}

/* As PostgreSQL's isolationtester keeps and ends its sessions. */
static int end_some_atexit(void)
{
	atexit(close_some);
	for (int i = 0; i < SOME; i++)
		some[i] = open_one("");
	return 0;
}

static int end_open(void)
{
	connection = open_one("");
	return 0;
}

static int end_in_transaction(void)
{
	connection = open_one("");
	PQclear(PQexec(connection, "begin"));
	return 0;
}

static int end_underscore_exit(void)
{
	connection = open_one("");
	_exit(4);
}

static int end_quick_exit(void)
{
	connection = open_one("");
	quick_exit(5);
}

static int end_exec(void)
{
	connection = open_one("");
	execl("/bin/true", "true", (char *)NULL);
	return 1;
}

/* Libpq and the program go on as if nothing had happened when exec fails. */
static int end_failed_exec(void)
{
	connection = open_one("");
	execl("/no/such/program", "program", (char *)NULL);
	PQclear(PQexec(connection, "select 1"));
	close_connection();
	return 6;
}

static int end_signal(void)
{
	connection = open_one("");
	raise(SIGTERM);
	return 1;
}

static int end_kill(void)
{
	connection = open_one("");
	raise(SIGKILL);
	return 1;
}

static int end_abort(void)
{
	connection = open_one("");
	abort();
}

static int end_failed_unfinished(void)
{
	connection = open_one("dbname=no_such_database");
	return 0;
}

static int end_failed_finished(void)
{
	connection = open_one("dbname=no_such_database");
	close_connection();
	return 0;
}

static int end_reset(void)
{
	connection = open_one("");
	PQreset(connection);
	close_connection();
	return 0;
}

static int end_ping(void)
{
	return (int)PQping("");
}

static const struct ending {
	const char *name;
	int (*run)(void);
} endings[] = {
	{ "none", end_none },
	{ "close", end_close },
	{ "static_destructor", end_static_destructor },
	{ "atexit", end_atexit },
	{ "some_atexit", end_some_atexit },
	{ "open", end_open },
	{ "in_transaction", end_in_transaction },
	{ "_exit", end_underscore_exit },
	{ "quick_exit", end_quick_exit },
	{ "exec", end_exec },
	{ "failed_exec", end_failed_exec },
	{ "signal", end_signal },
	{ "kill", end_kill },
	{ "abort", end_abort },
	{ "failed_unfinished", end_failed_unfinished },
	{ "failed_finished", end_failed_finished },
	{ "reset", end_reset },
	{ "ping", end_ping },
};

int main(int argc, char **argv)
{
	for (size_t index = 0; index < sizeof(endings) / sizeof(endings[0]); index++)
		if (argc == 2 && strcmp(argv[1], endings[index].name) == 0)
			return endings[index].run();
	fprintf(stderr, "usage: endings NAME\n");
	return 2;
}
