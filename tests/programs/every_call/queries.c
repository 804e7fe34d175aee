/* Queries that wait for their answer, those that do not, and what reads the answers. */
#include <arpa/inet.h>
#include <stddef.h>
#include <stdlib.h>

#include "every_call.h"

static const Oid types[] = { 25 /* text */ };
static const char *const values[] = { "one" };
static const int lengths[] = { 3 };
static const int formats[] = { 0 };

static void call_portals(PGconn *conn)
{
	prepare(conn, "declare portal cursor for select generate_series(1, 3)");
	say_result(conn, "PQdescribePortal", PQdescribePortal(conn, "portal"));
	if (is_at_least(17))
		say_result(conn, "PQclosePortal", PQclosePortal(conn, "portal"));
}

static void call_password(PGconn *conn)
{
	char *encrypted = PQencryptPasswordConn(conn, "secret", "somebody", "md5");

	say(conn, "PQencryptPasswordConn", "%s", encrypted);
	PQfreemem(encrypted);
	prepare(conn, "create role every_call");
	if (is_at_least(17))
		say_result(conn, "PQchangePassword",
			   PQchangePassword(conn, "every_call", "secret"));
	prepare(conn, "drop role every_call");
}

/* int4pl is the sum of two. */
static void call_function(PGconn *conn)
{
	enum { INT4PL = 177 };
	int sum = 0, length = 0;
	PQArgBlock arguments[2] = { { .len = 4, .isint = 1, .u.integer = 40 },
				    { .len = 4, .isint = 1, .u.integer = 2 } };

	say_result(conn, "PQfn", PQfn(conn, INT4PL, &sum, &length, 1, arguments, 2));
	say(conn, "sum", "%d of %d bytes", sum, length);
}

void call_queries(PGconn *conn)
{
	say_result(conn, "PQexec", PQexec(conn, "select 'one'"));
	say_result(conn, "PQexec", PQexec(conn, "select from no_such_table"));
	say_result(conn, "PQexec", PQexec(conn, "begin"));
	say_result(conn, "PQexecParams",
		   PQexecParams(conn, "select $1 || ''", 1, types, values, lengths, formats, 0));
	say_result(conn, "PQprepare",
		   PQprepare(conn, "statement", "select $1 || '!'", 1, types));
	say_result(conn, "PQexecPrepared",
		   PQexecPrepared(conn, "statement", 1, values, lengths, formats, 0));
	say_result(conn, "PQdescribePrepared", PQdescribePrepared(conn, "statement"));
	if (is_at_least(17))
		say_result(conn, "PQclosePrepared", PQclosePrepared(conn, "statement"));
	call_portals(conn);
	call_password(conn);
	call_function(conn);
	say_result(conn, "PQexec", PQexec(conn, "select from no_such_table"));
	say_result(conn, "PQexec", PQexec(conn, "rollback"));
	say(conn, "PQsetClientEncoding", "%d", PQsetClientEncoding(conn, "LATIN1"));
	say(conn, "PQclientEncoding", "%d", PQclientEncoding(conn));
	prepare(conn, "reset client_encoding");
}

void call_sends(PGconn *conn)
{
	say(conn, "PQsendQuery", "%d", PQsendQuery(conn, "begin; select 'one'; select 2"));
	say_results(conn);
	say(conn, "PQsendQueryParams", "%d",
	    PQsendQueryParams(conn, "select $1", 1, types, values, lengths, formats, 1));
	say_results(conn);
	say(conn, "PQsendPrepare", "%d",
	    PQsendPrepare(conn, "sent", "select $1 || '?'", 1, types));
	say_results(conn);
	say(conn, "PQsendQueryPrepared", "%d",
	    PQsendQueryPrepared(conn, "sent", 1, values, lengths, formats, 0));
	say_results(conn);
	say(conn, "PQsendDescribePrepared", "%d", PQsendDescribePrepared(conn, "sent"));
	say_results(conn);
	prepare(conn, "declare sent cursor for select 1");
	say(conn, "PQsendDescribePortal", "%d", PQsendDescribePortal(conn, "sent"));
	say_results(conn);
	if (is_at_least(17)) {
		say(conn, "PQsendClosePrepared", "%d", PQsendClosePrepared(conn, "sent"));
		say_results(conn);
		say(conn, "PQsendClosePortal", "%d", PQsendClosePortal(conn, "sent"));
		say_results(conn);
	}
	prepare(conn, "commit");
}

/* The answer is read, in pieces of any size, until all of it is there. */
static void read_answer(PGconn *conn)
{
	do {
		wait_for(PQsocket(conn), PGRES_POLLING_READING);
		if (!PQconsumeInput(conn))
			exit(1);
	} while (PQisBusy(conn));
}

/* After the last result that a program asks for, the server's word that all is done is read by
 * whatever comes next: PQisBusy, or PQnotifies. */
static void call_busy(PGconn *conn)
{
	say(conn, "PQsetnonblocking", "%d", PQsetnonblocking(conn, 1));
	say(conn, "PQsendQuery", "%d", PQsendQuery(conn, "select 'one'"));
	say(conn, "PQflush", "%d", PQflush(conn));
	read_answer(conn);
	say_result(conn, "PQgetResult", PQgetResult(conn));
	say(conn, "PQisBusy", "%d", PQisBusy(conn));
	say(conn, "PQsendQuery", "%d", PQsendQuery(conn, "select 'two'"));
	read_answer(conn);
	say_result(conn, "PQgetResult", PQgetResult(conn));
	PGnotify *notification = PQnotifies(conn);

	say(conn, "PQnotifies", "%s", notification ? "one" : "none");
	PQfreemem(notification);
	say(conn, "PQsetnonblocking", "%d", PQsetnonblocking(conn, 0));
}

/* A connection that the server ended is found out by reading. */
static void call_lost(void)
{
	PGconn *lost = PQconnectdb("");

	say(lost, "PQconnectdb", "%d", PQstatus(lost));
	int is_sent = PQsendQuery(lost, "select pg_terminate_backend(pg_backend_pid())");

	do
		wait_for(PQsocket(lost), PGRES_POLLING_READING);
	while (PQconsumeInput(lost));
	say(lost, "PQsendQuery", "%d", is_sent);
	say(lost, "PQconsumeInput", "%s", PQerrorMessage(lost));
	PQfinish(lost);
	say(NULL, "PQfinish", "done");
}

void call_readers(PGconn *conn)
{
	PGresult *made = PQmakeEmptyPGresult(conn, PGRES_COMMAND_OK);

	say_result(conn, "PQmakeEmptyPGresult", made);
	made = PQexec(conn, "select 'copied'");
	PGresult *copy = PQcopyResult(made, PG_COPYRES_TUPLES);

	say_result(conn, "PQexec", made);
	say_result(conn, "PQcopyResult", copy);
	PQclear(NULL);
	say(conn, "PQclear", "done");
	call_busy(conn);
	say(conn, "PQsendQuery", "%d", PQsendQuery(conn, "select generate_series(1, 3)"));
	say(conn, "PQsetSingleRowMode", "%d", PQsetSingleRowMode(conn));
	say_results(conn);
	if (is_at_least(17)) {
		say(conn, "PQsendQuery", "%d",
		    PQsendQuery(conn, "select generate_series(1, 3)"));
		say(conn, "PQsetChunkedRowsMode", "%d", PQsetChunkedRowsMode(conn, 2));
		say_results(conn);
	}
	call_lost();
}
