/* Pipeline mode, libpq 14 and newer. */
#include <stddef.h>

#include "every_call.h"

static int send_one(PGconn *conn, const char *query)
{
	return PQsendQueryParams(conn, query, 0, NULL, NULL, NULL, NULL, 0);
}

/* Until the sync's own result: NULL only separates the results of one query from the next. */
static void say_until_sync(PGconn *conn)
{
	for (bool is_synced = false; !is_synced;) {
		PGresult *result = PQgetResult(conn);

		is_synced = PQresultStatus(result) == PGRES_PIPELINE_SYNC;
		say_result(conn, "PQgetResult", result);
	}
}

void call_pipeline(PGconn *conn)
{
	say(conn, "PQenterPipelineMode", "%d", PQenterPipelineMode(conn));
	say(conn, "PQsendQueryParams", "%d", send_one(conn, "begin"));
	say(conn, "PQsendQueryParams", "%d", send_one(conn, "select 'one'"));
	say(conn, "PQsendFlushRequest", "%d", PQsendFlushRequest(conn));
	say(conn, "PQflush", "%d", PQflush(conn));
	say_results(conn);
	say_results(conn);
	say(conn, "PQpipelineSync", "%d", PQpipelineSync(conn));
	say_until_sync(conn);
	say(conn, "PQsendQueryParams", "%d", send_one(conn, "select from no_such_table"));
	say(conn, "PQsendQueryParams", "%d", send_one(conn, "select 'skipped'"));
	say(conn, "PQpipelineSync", "%d", PQpipelineSync(conn));
	say_until_sync(conn);
	say(conn, "PQsendQueryParams", "%d", send_one(conn, "rollback"));
	if (is_at_least(17)) {
		say(conn, "PQsendPipelineSync", "%d", PQsendPipelineSync(conn));
		say(conn, "PQflush", "%d", PQflush(conn));
	} else {
		say(conn, "PQpipelineSync", "%d", PQpipelineSync(conn));
	}
	say_until_sync(conn);
	say(conn, "PQexitPipelineMode", "%d", PQexitPipelineMode(conn));
}
