/* A running query is cancelled in each way that there is; a PGcancelConn (17 and newer) is a
 * connection of libpq's own, which no report may show.
 */
#include <stdio.h>
#include <stdlib.h>

#include "every_call.h"

static bool is_running;

static void note_running(void *unused, const char *message)
{
	(void)unused;
	(void)message;
	is_running = true;
}

/* Returns when the server has begun to run it: what is cancelled before that is not. */
static void start_sleeping(PGconn *conn)
{
	is_running = false;
	say(conn, "PQsendQuery", "%d",
	    PQsendQuery(conn, "do 'begin raise notice ''running''; perform pg_sleep(600); end'"));
	while (!is_running) {
		wait_for(PQsocket(conn), PGRES_POLLING_READING);
		if (!PQconsumeInput(conn) || !PQisBusy(conn)) {
			fprintf(stderr, "%s", PQerrorMessage(conn));
			exit(1);
		}
	}
}

static void cancel_by_key(PGconn *conn)
{
	char error[256] = "";

	start_sleeping(conn);
	PGcancel *cancel = PQgetCancel(conn);

	say(conn, "PQgetCancel", "%s", cancel ? "made" : "none");
	say(conn, "PQcancel", "%d%s", PQcancel(cancel, error, sizeof(error)), error);
	PQfreeCancel(cancel);
	say(conn, "PQfreeCancel", "done");
	say_results(conn);
	start_sleeping(conn);
	say(conn, "PQrequestCancel", "%d", PQrequestCancel(conn));
	say_results(conn);
}

static void cancel_blocking(PGconn *conn, struct pg_cancel_conn *cancel)
{
	start_sleeping(conn);
	say(conn, "PQcancelBlocking", "%d", PQcancelBlocking(cancel));
	say_results(conn);
	say(conn, "PQcancelStatus", "%d", PQcancelStatus(cancel));
}

static void cancel_polling(PGconn *conn, struct pg_cancel_conn *cancel)
{
	PostgresPollingStatusType status = PGRES_POLLING_WRITING;

	start_sleeping(conn);
	say(conn, "PQcancelStart", "%d", PQcancelStart(cancel));
	while (status != PGRES_POLLING_OK && status != PGRES_POLLING_FAILED) {
		wait_for(PQcancelSocket(cancel), status);
		status = PQcancelPoll(cancel);
	}
	say(conn, "PQcancelPoll", "%d", status);
	say_results(conn);
}

void call_cancels(PGconn *conn)
{
	PQsetNoticeProcessor(conn, note_running, NULL);
	cancel_by_key(conn);
	if (!is_at_least(17))
		return;
	struct pg_cancel_conn *cancel = PQcancelCreate(conn);

	say(conn, "PQcancelCreate", "%s", cancel ? "made" : "none");
	cancel_blocking(conn, cancel);
	PQcancelReset(cancel);
	say(conn, "PQcancelReset", "done");
	cancel_polling(conn, cancel);
	PQcancelFinish(cancel);
	say(conn, "PQcancelFinish", "done");
	/* One that is never used, and one that is finished half way. */
	PQcancelFinish(PQcancelCreate(conn));
	cancel = PQcancelCreate(conn);
	say(conn, "PQcancelCreate", "%s", cancel ? "made" : "none");
	say(conn, "PQcancelStart", "%d", PQcancelStart(cancel));
	PQcancelFinish(cancel);
	say(conn, "PQcancelFinish", "done");
	PQcancelFinish(NULL);
	say(conn, "PQcancelFinish", "nothing");
}
