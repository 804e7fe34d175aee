/* One connection in and out of transactions, by each of libpq's ways; it stops after each for
 * a look at the server and the ledger.
 *
 * Server and user come from PGHOST, PGPORT, PGUSER and PGDATABASE.
 */
#include <libpq-fe.h>
#include <libpq/libpq-fs.h>
#include <poll.h>
#include <string.h>

#include "step_wait.h"

static PGconn *connection;

static void say(const char *command)
{
	PQclear(PQexec(connection, command));
	step_wait();
}

static void simple(void)
{
	say("select 1");
	say("begin");
	say("select 1");
	say("savepoint here");
	say("select 1 / 0");
	say("rollback to savepoint here");
	say("commit");
	say("begin; select 1");
	say("select no_such_column");
	say("select 1");
	say("rollback");
	say("do $$ begin perform 1; end $$");
}

static void extended(void)
{
	PQclear(PQexecParams(connection, "begin", 0, NULL, NULL, NULL, NULL, 0));
	step_wait();
	PQclear(PQprepare(connection, "one", "select 1", 0, NULL));
	step_wait();
	PQclear(PQexecPrepared(connection, "one", 0, NULL, NULL, NULL, 0));
	PQclear(PQdescribePrepared(connection, "one"));
	step_wait();
	PQclear(PQexecParams(connection, "select 1 / 0", 0, NULL, NULL, NULL, NULL, 1));
	step_wait();
	PQclear(PQexecParams(connection, "rollback", 0, NULL, NULL, NULL, NULL, 0));
	step_wait();
}

static void receive(void)
{
	PGresult *result;

	while ((result = PQgetResult(connection)))
		PQclear(result);
	step_wait();
}

/* As an event loop does: what has come is read, and results are taken when there are some. */
static void receive_by_poll(void)
{
	while (PQisBusy(connection)) {
		struct pollfd ready = { .fd = PQsocket(connection), .events = POLLIN };

		poll(&ready, 1, -1);
		PQconsumeInput(connection);
	}
	receive();
}

static void asynchronous(void)
{
	PQsetnonblocking(connection, 1);
	PQsendQuery(connection, "begin");
	step_wait();
	receive_by_poll();
	PQsendQuery(connection, "select generate_series(1, 1000)");
	PQsetSingleRowMode(connection);
	PQclear(PQgetResult(connection));
	step_wait();
	receive();
	PQsendQueryParams(connection, "select 1 / 0", 0, NULL, NULL, NULL, NULL, 0);
	receive_by_poll();
	PQsendQuery(connection, "rollback");
	receive_by_poll();
	PQsetnonblocking(connection, 0);
}

static void send_all(const char *const *commands)
{
	for (; *commands; commands++)
		PQsendQueryParams(connection, *commands, 0, NULL, NULL, NULL, NULL, 0);
	PQpipelineSync(connection);
}

static void receive_sync(void)
{
	for (ExecStatusType status = PGRES_TUPLES_OK; status != PGRES_PIPELINE_SYNC;) {
		PGresult *result = PQgetResult(connection);

		status = PQresultStatus(result);
		PQclear(result);
	}
	step_wait();
}

static void pipeline(void)
{
	PQenterPipelineMode(connection);
	send_all((const char *const[]){ "begin", "select 1", NULL });
	step_wait();
	receive_sync();
	send_all((const char *const[]){ "select 1 / 0", "select 2", NULL });
	receive_sync();
	send_all((const char *const[]){ "rollback", NULL });
	receive_sync();
	send_all((const char *const[]){ "select 1", NULL });
	send_all((const char *const[]){ "begin", NULL });
	receive_sync();
	receive_sync();
	send_all((const char *const[]){ "commit", NULL });
	receive_sync();
	PQexitPipelineMode(connection);
}

static void copy(void)
{
	char *bytes;

	say("create temp table rows (n int)");
	say("begin");
	say("copy rows from stdin");
	PQputCopyData(connection, "1\n", 2);
	step_wait();
	PQputCopyEnd(connection, NULL);
	receive();
	PQclear(PQexec(connection, "copy rows to stdout"));
	while (PQgetCopyData(connection, &bytes, 0) > 0)
		PQfreemem(bytes);
	receive();
	say("copy rows from stdin");
	PQputCopyEnd(connection, "not this");
	receive();
	say("rollback");
	PQclear(PQexec(connection, "copy (select 1) to stdout"));
	while (PQgetCopyData(connection, &bytes, 0) > 0)
		PQfreemem(bytes);
	receive();
}

static void large_objects(void)
{
	Oid object;

	say("begin");
	object = lo_create(connection, 0);
	step_wait();
	lo_close(connection, lo_open(connection, object, INV_READ));
	step_wait();
	lo_unlink(connection, object);
	say("commit");
}

static void reset(void)
{
	say("begin");
	PQreset(connection);
	step_wait();
	say("begin");
	say("commit");
}

static const struct way {
	const char *name;
	void (*go)(void);
} ways[] = {
	{ "simple", simple },   { "extended", extended }, { "asynchronous", asynchronous },
	{ "pipeline", pipeline }, { "copy", copy },       { "large_objects", large_objects },
	{ "reset", reset },
};

int main(int argc, char **argv)
{
	connection = PQconnectdb("");
	step_wait();
	for (size_t i = 0; argc == 2 && i < sizeof(ways) / sizeof(ways[0]); i++)
		if (strcmp(argv[1], ways[i].name) == 0)
			ways[i].go();
	PQfinish(connection);
	return 0;
}
