/* Results, and what queries do to the transaction. */
#include "fake_libpq.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { RESULT_MAGIC = 0x7e5 };

struct pg_result {
	uint32_t magic;
	ExecStatusType status;
	char sqlstate[6];
	char message[128];
};

/* The longer text is first where one begins as another; the last fits all. */
static const struct {
	const char *text;
	struct fake_effect effect;
} queries[] = {
	{ "begin", { PGRES_COMMAND_OK, PQTRANS_INTRANS } },
	{ "start transaction", { PGRES_COMMAND_OK, PQTRANS_INTRANS } },
	{ "commit", { PGRES_COMMAND_OK, PQTRANS_IDLE } },
	{ "end of copy", { PGRES_COMMAND_OK, PQTRANS_UNKNOWN } },
	{ "end", { PGRES_COMMAND_OK, PQTRANS_IDLE } },
	{ "rollback to", { PGRES_COMMAND_OK, PQTRANS_INTRANS } },
	{ "rollback", { PGRES_COMMAND_OK, PQTRANS_IDLE } },
	{ "copy", { PGRES_COPY_IN, PQTRANS_UNKNOWN } },
	{ "select", { PGRES_TUPLES_OK, PQTRANS_UNKNOWN } },
	{ "error", { PGRES_FATAL_ERROR, PQTRANS_UNKNOWN } },
	{ "notice", { PGRES_COMMAND_OK, PQTRANS_UNKNOWN } },
	{ "pipeline sync", { PGRES_PIPELINE_SYNC, PQTRANS_UNKNOWN } },
	{ "", { PGRES_COMMAND_OK, PQTRANS_UNKNOWN } },
};

PGresult *PQmakeEmptyPGresult(PGconn *conn, ExecStatusType status)
{
	PGresult *result = calloc(1, sizeof(*result));

	CHECK(conn);
	if (!result)
		return NULL;
	result->magic = RESULT_MAGIC;
	result->status = status;
	return result;
}

void fake_result_fail(PGresult *result, const char *sqlstate, const char *message)
{
	if (!result)
		return;
	snprintf(result->sqlstate, sizeof(result->sqlstate), "%s", sqlstate);
	snprintf(result->message, sizeof(result->message), "%s", message);
}

void PQclear(PGresult *result)
{
	if (!result)
		return;
	if (result->magic != RESULT_MAGIC) {
		fprintf(stderr, "fake libpq %d: PQclear on what is no result\n",
			FAKE_LIBPQ_VERSION);
		abort();
	}
	result->magic = 0;
	free(result);
}

ExecStatusType PQresultStatus(const PGresult *result)
{
	return result ? result->status : PGRES_FATAL_ERROR;
}

char *PQresultErrorMessage(const PGresult *result)
{
	return result ? (char *)result->message : (char *)"";
}

char *PQresultErrorField(const PGresult *result, int field)
{
	return result && field == 'C' && result->sqlstate[0] ? (char *)result->sqlstate : NULL;
}

int PQntuples(const PGresult *result)
{
	return result && result->status == PGRES_TUPLES_OK;
}

int PQnfields(const PGresult *result)
{
	return PQntuples(result);
}

char *PQgetvalue(const PGresult *result, int row, int column)
{
	return PQntuples(result) && !row && !column ? (char *)"1" : NULL;
}

int PQgetisnull(const PGresult *result, int row, int column)
{
	return !PQgetvalue(result, row, column);
}

#define OF_COLUMN(type, name, value, otherwise)                 \
	type name(const PGresult *result, int column)           \
	{                                                       \
		return PQnfields(result) && !column ? (value) : (otherwise); \
	}

/* Of the one column, an integer. */
OF_COLUMN(char *, PQfname, (char *)"?column?", NULL)
OF_COLUMN(Oid, PQftype, 23, 0)
OF_COLUMN(int, PQfsize, 4, 0)
OF_COLUMN(int, PQfmod, -1, 0)
OF_COLUMN(Oid, PQftable, 0, 0)
OF_COLUMN(int, PQftablecol, 0, 0)

int PQgetlength(const PGresult *result, int row, int column)
{
	return PQgetisnull(result, row, column) ? 0 : 1;
}

int PQbinaryTuples(const PGresult *result)
{
	return 0;
}

char *PQcmdStatus(PGresult *result)
{
	return result ? (char *)(PQntuples(result) ? "SELECT 1" : "") : NULL;
}

char *PQcmdTuples(PGresult *result)
{
	return (char *)(PQntuples(result) ? "1" : "");
}

Oid PQoidValue(const PGresult *result)
{
	return 0;
}

char *PQresStatus(ExecStatusType status)
{
	return (char *)(status == PGRES_TUPLES_OK ? "PGRES_TUPLES_OK" : "PGRES_COMMAND_OK");
}

static struct fake_effect effect_of(const char *query)
{
	size_t i = 0;

	query += strspn(query, " \t\n");
	while (strncasecmp(query, queries[i].text, strlen(queries[i].text)) != 0)
		i++;
	if (queries[i].effect.status == PGRES_COPY_IN && strcasestr(query, "to stdout"))
		return (struct fake_effect){ PGRES_COPY_OUT, PQTRANS_UNKNOWN };
	return queries[i].effect;
}

int fake_submit(PGconn *conn, const char *query)
{
	if (!conn)
		return 0;
	if (conn->status != CONNECTION_OK || conn->pending_count == FAKE_PENDING_MAX ||
	    (conn->pipeline == PQ_PIPELINE_OFF && conn->pending_count)) {
		snprintf(conn->error, sizeof(conn->error), "another command is in progress, "
			 "or there is no connection\n");
		return 0;
	}
	conn->pending[(conn->pending_first + conn->pending_count++) % FAKE_PENDING_MAX] =
		effect_of(query);
	if (strncasecmp(query, "notice", 6) == 0)
		fake_notice(conn);
	return 1;
}

/* The transaction's status once the result is there. */
static void apply(PGconn *conn, const struct fake_effect *effect)
{
	if (effect->transaction != PQTRANS_UNKNOWN)
		conn->transaction = effect->transaction;
	else if (effect->status == PGRES_FATAL_ERROR && conn->transaction == PQTRANS_INTRANS)
		conn->transaction = PQTRANS_INERROR;
	conn->is_copying = effect->status == PGRES_COPY_IN || effect->status == PGRES_COPY_OUT;
}

PGresult *PQgetResult(PGconn *conn)
{
	struct fake_effect effect;
	PGresult *result;

	CHECK(conn);
	if (!conn)
		return NULL;
	if (conn->is_between_results || conn->is_copying || !conn->pending_count) {
		conn->is_between_results = false;
		return NULL;
	}
	effect = conn->pending[conn->pending_first];
	conn->pending_first = (conn->pending_first + 1) % FAKE_PENDING_MAX;
	conn->pending_count--;
	apply(conn, &effect);
	/* One NULL behind each command's results, but not behind a synchronisation. */
	conn->is_between_results = effect.status != PGRES_PIPELINE_SYNC && !conn->is_copying;
	result = PQmakeEmptyPGresult(conn, effect.status);
	if (effect.status == PGRES_FATAL_ERROR)
		fake_result_fail(result, "42601", "ERROR:  as the query said\n");
	fake_fire(conn, PGEVT_RESULTCREATE, result);
	return result;
}

PGTransactionStatusType PQtransactionStatus(const PGconn *conn)
{
	CHECK(conn);
	if (!conn || conn->status != CONNECTION_OK)
		return PQTRANS_UNKNOWN;
	if (conn->pending_count || conn->is_between_results || conn->is_copying)
		return PQTRANS_ACTIVE;
	return conn->transaction;
}

PGresult *fake_run(PGconn *conn, const char *query)
{
	PGresult *last, *result;

	while ((result = PQgetResult(conn)))
		PQclear(result);
	if (!fake_submit(conn, query))
		return NULL;
	last = PQgetResult(conn);
	while (!conn->is_copying && (result = PQgetResult(conn))) {
		PQclear(last);
		last = result;
	}
	return last;
}
