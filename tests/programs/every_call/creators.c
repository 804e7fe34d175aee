/* Connections come and go, by each creator; resets, pings, and connects that fail. */
#include <stddef.h>
#include <string.h>

#include "every_call.h"

static const char *const keywords[] = { "application_name", NULL };
static const char *const values[] = { "every_call", NULL };
static const char *const wrong_keywords[] = { "dbname", NULL };
static const char *const wrong_values[] = { "no_such_database", NULL };
static const char *const wrong = "dbname=no_such_database";

static void say_connection(const char *call, PGconn *conn)
{
	say(conn, call, "status %d, to %s by '%s' %s", PQstatus(conn), PQdb(conn),
	    PQparameterStatus(conn, "application_name"), PQerrorMessage(conn));
}

static void finish(PGconn *conn)
{
	PQfinish(conn);
	say(NULL, "PQfinish", "done");
}

/* Each call of a poll function waits for what the one before asked for. */
static void complete(const char *call, PostgresPollingStatusType (*poll_connection)(PGconn *),
		     PGconn *conn)
{
	PostgresPollingStatusType status = PGRES_POLLING_WRITING;

	while (status != PGRES_POLLING_OK && status != PGRES_POLLING_FAILED) {
		wait_for(PQsocket(conn), status);
		status = poll_connection(conn);
	}
	say_connection(call, conn);
}

static void call_starters(void)
{
	PGconn *started[] = { PQconnectStart(""), NULL, NULL, NULL };

	say(NULL, "PQconnectStart", "returned");
	started[1] = PQconnectStartParams(keywords, values, 0);
	say(NULL, "PQconnectStartParams", "returned");
	started[2] = PQconnectStart(wrong);
	say(NULL, "PQconnectStart", "returned");
	started[3] = PQconnectStartParams(wrong_keywords, wrong_values, 1);
	say(NULL, "PQconnectStartParams", "returned");
	for (int i = 0; i < 4; i++)
		complete("PQconnectPoll", PQconnectPoll, started[i]);
	for (int i = 0; i < 4; i++)
		finish(started[i]);
	started[0] = PQconnectStart("");
	say(NULL, "PQconnectStart", "returned");
	finish(started[0]);
}

static void fail(const char *call, PGconn *conn)
{
	say_connection(call, conn);
	finish(conn);
}

static void call_failures(void)
{
	fail("PQconnectdb", PQconnectdb(wrong));
	fail("PQconnectdbParams", PQconnectdbParams(wrong_keywords, wrong_values, 0));
	fail("PQsetdbLogin",
	     PQsetdbLogin(NULL, NULL, NULL, NULL, "no_such_database", NULL, NULL));
	fail("PQconnectdb", PQconnectdb("no conninfo"));
	finish(NULL);
}

static void call_resets(PGconn *conn)
{
	PQreset(conn);
	say_connection("PQreset", conn);
	say(NULL, "PQresetStart", "%d", PQresetStart(conn));
	complete("PQresetPoll", PQresetPoll, conn);
}

static void say_options(const char *call, PQconninfoOption *options)
{
	const PQconninfoOption *option = options;

	while (option && option->keyword && strcmp(option->keyword, "dbname"))
		option++;
	say(NULL, call, "dbname is %s", option && option->val ? option->val : "unknown");
	PQconninfoFree(options);
	say(NULL, "PQconninfoFree", "done");
}

static void call_conninfos(PGconn *conn)
{
	char *error = NULL;

	say_options("PQconninfo", PQconninfo(conn));
	say_options("PQconndefaults", PQconndefaults());
	say_options("PQconninfoParse", PQconninfoParse("dbname=parsed", &error));
	say_options("PQconninfoParse", PQconninfoParse("no conninfo", &error));
	say(NULL, "error", "%s", error);
	PQfreemem(error);
}

void call_creators(void)
{
	PGconn *first = PQconnectdb("");

	say_connection("PQconnectdb", first);
	PGconn *second = PQconnectdbParams(keywords, values, 0);

	say_connection("PQconnectdbParams", second);
	finish(first);
	/* Its address may be that of the first one. */
	PGconn *third = PQsetdbLogin(NULL, NULL, NULL, NULL, NULL, NULL, NULL);

	say_connection("PQsetdbLogin", third);
	call_resets(third);
	call_conninfos(third);
	finish(second);
	finish(third);
	call_starters();
	call_failures();
	say(NULL, "PQping", "%d", PQping(""));
	say(NULL, "PQping", "%d", PQping("port=1"));
	say(NULL, "PQpingParams", "%d", PQpingParams(keywords, values, 0));
}
