/* Results and their like, made in each way, and given back: all of them, or all but each fifth,
 * as a path does that leaves too early.
 *
 *	results MODE clean|leak
 *
 * What is made is made in the function that has the mode's name; so many as the mode's row says.
 */
#include <libpq-fe.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct pg_cancel_conn;
extern struct pg_cancel_conn *PQcancelCreate(PGconn *conn);
extern void PQcancelFinish(struct pg_cancel_conn *cancel);
#pragma weak PQcancelCreate
#pragma weak PQcancelFinish

enum { ROUNDS = 100, LEFT_EACH = 5, KEPT = 10 };

static bool is_leaking, is_short_of_memory;
static PGresult *kept[KEPT];

extern void *__libc_malloc(size_t size);

/* libpq's, too, since the program comes first. */
__attribute__((visibility("default"))) void *malloc(size_t size)
{
	return is_short_of_memory ? NULL : __libc_malloc(size);
}

static void give_back(int round, PGresult *result)
{
	if (!is_leaking || round % LEFT_EACH)
		PQclear(result);
}

static void check(const PGresult *result, ExecStatusType status)
{
	if (PQresultStatus(result) == status)
		return;
	fprintf(stderr, "%s", PQresultErrorMessage(result));
	exit(1);
}

static void query(PGconn *conn, int round)
{
	PGresult *result = PQexec(conn, round % 2 ? "select 1" : "select from nowhere");

	give_back(round, result);
}

/* PQexec clears the first two itself. */
static void several(PGconn *conn, int round)
{
	give_back(round, PQexec(conn, "select 1; select 2; select 3"));
}

static void prepared(PGconn *conn, int round)
{
	PQclear(PQprepare(conn, "", "select 1", 0, NULL));
	PQclear(PQdescribePrepared(conn, ""));
	give_back(round, PQexecPrepared(conn, "", 0, NULL, NULL, NULL, 0));
}

static void async(PGconn *conn, int round)
{
	PGresult *result;

	PQsendQuery(conn, "select 1; select 2");
	while ((result = PQgetResult(conn)))
		give_back(round, result);
}

static void single_row(PGconn *conn, int round)
{
	PGresult *result;

	PQsendQuery(conn, "select generate_series(1, 10)");
	PQsetSingleRowMode(conn);
	while ((result = PQgetResult(conn)))
		give_back(round, result);
}

/* The result that says that COPY has begun is one, too. */
static void copy(PGconn *conn, int round)
{
	PGresult *result;

	if (round == 0)
		PQclear(PQexec(conn, "create temporary table rows (number integer)"));
	result = PQexec(conn, "copy rows from stdin");

	check(result, PGRES_COPY_IN);
	give_back(round, result);
	PQputCopyData(conn, "1\n", 2);
	PQputCopyEnd(conn, NULL);
	while ((result = PQgetResult(conn)))
		PQclear(result);
}

static void pipeline(PGconn *conn, int round)
{
	int syncs = 0;

	PQenterPipelineMode(conn);
	PQsendQueryParams(conn, "select 1", 0, NULL, NULL, NULL, NULL, 0);
	PQpipelineSync(conn);
	while (!syncs) {
		PGresult *result = PQgetResult(conn);

		syncs += PQresultStatus(result) == PGRES_PIPELINE_SYNC;
		give_back(round, result);
	}
	PQexitPipelineMode(conn);
}

static void copied(PGconn *conn, int round)
{
	PGresult *made = PQmakeEmptyPGresult(conn, PGRES_TUPLES_OK);

	give_back(round, PQcopyResult(made, 0));
	PQclear(made);
}

/* More than a small ledger remembers at once. */
static void hoard(PGconn *conn, int round)
{
	PGresult *result = PQmakeEmptyPGresult(conn, PGRES_EMPTY_QUERY);

	(void)round;
	if (!is_leaking)
		PQclear(result);
}

static void cancel(PGconn *conn, int round)
{
	PGcancel *made = PQgetCancel(conn);

	if (!is_leaking || round % LEFT_EACH)
		PQfreeCancel(made);
}

static void cancel_conn(PGconn *conn, int round)
{
	struct pg_cancel_conn *made = PQcancelCreate(conn);

	if (!is_leaking || round % LEFT_EACH)
		PQcancelFinish(made);
}

static void conninfo(PGconn *conn, int round)
{
	PQconninfoOption *of_connection = PQconninfo(conn);
	char *error = NULL;

	PQconninfoFree(PQconndefaults());
	PQconninfoFree(PQconninfoParse("dbname=app", &error));
	PQconninfoFree(PQconninfoParse("no conninfo", &error));
	PQfreemem(error);
	if (!is_leaking || round % LEFT_EACH)
		PQconninfoFree(of_connection);
}

/* PQfinish frees what libpq has of its own, and nothing that it handed out. */
static void survivors(PGconn *conn, int round)
{
	PGconn *own = PQconnectdb("");
	PGresult *result = PQexec(own, "select 1");

	(void)conn;
	PQsendQuery(own, "select 1; select 2");
	PQclear(PQgetResult(own));
	PQfinish(own);
	check(result, PGRES_TUPLES_OK);
	give_back(round, result);
}

/* A child has its own copy of what its parent made: neither's is the other's. */
static void forked(PGconn *conn, int round)
{
	PGresult *result = PQexec(conn, "select 1");
	pid_t pid = fork();

	if (pid == 0) {
		if (round % 4 == 1)
			PQclear(result);
		PQclear(PQmakeEmptyPGresult(NULL, PGRES_EMPTY_QUERY));
		if (round % 4 == 3)
			PQclear(result);
		exit(0);
	}
	waitpid(pid, NULL, 0);
	give_back(round, result);
}

/* The same few, over and over, and still there at the end. */
static void last(PGconn *conn, int round)
{
	PGresult **place = &kept[round % (is_leaking ? KEPT : 2)];

	PQclear(*place);
	*place = PQexec(conn, "select 1");
}

/* The answer that libpq (15 and newer) has when there is no memory for one is not to be freed. */
static void out_of_memory(PGconn *conn, int round)
{
	PGresult *result;

	PQsendQuery(conn, "select 1");
	poll(&(struct pollfd){ .fd = PQsocket(conn), .events = POLLIN }, 1, -1);
	PQconsumeInput(conn);
	is_short_of_memory = true;
	result = PQgetResult(conn);
	is_short_of_memory = false;
	if (PQlibVersion() >= 150000 && strcmp(PQresultErrorMessage(result), "out of memory\n")) {
		fprintf(stderr, "not out of memory: %s\n", PQresultErrorMessage(result));
		exit(1);
	}
	give_back(round, result);
	while ((result = PQgetResult(conn)))
		PQclear(result);
}

static const struct {
	const char *name;
	void (*make)(PGconn *conn, int round);
	int rounds;
} modes[] = {
	{ "query", query, ROUNDS },           { "several", several, ROUNDS },
	{ "prepared", prepared, ROUNDS },     { "async", async, ROUNDS },
	{ "single_row", single_row, ROUNDS }, { "copy", copy, ROUNDS },
	{ "pipeline", pipeline, ROUNDS },     { "copied", copied, ROUNDS },
	{ "cancel", cancel, ROUNDS },         { "cancel_conn", cancel_conn, ROUNDS },
	{ "conninfo", conninfo, ROUNDS },     { "survivors", survivors, 20 },
	{ "forked", forked, 20 },             { "last", last, ROUNDS },
	{ "out_of_memory", out_of_memory, ROUNDS }, { "hoard", hoard, 2000 },
};

int main(int count, char **arguments)
{
	PGconn *conn = PQconnectdb("");

	if (count != 3 || PQstatus(conn) != CONNECTION_OK)
		return 2;
	is_leaking = strcmp(arguments[2], "leak") == 0;
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		if (strcmp(modes[i].name, arguments[1]) != 0)
			continue;
		for (int round = 0; round < modes[i].rounds; round++)
			modes[i].make(conn, round);
	}
	PQfinish(conn);
	return 0;
}
