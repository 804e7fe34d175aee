/* Connections made, completed, reset and finished. Calls of exported functions go
 * through the PLT exactly where those of libpq 15 to 18 do.
 */
#include "fake_libpq.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

static atomic_int last_backend_pid = 1000;

static PGconn *make_connection(void)
{
	PGconn *conn = fake_take_memory();
	const char *sqlstate = getenv("FAKE_LIBPQ_SQLSTATE");

	if (!conn)
		return NULL;
	memset(conn, 0, sizeof(*conn));
	conn->magic = FAKE_LIBPQ_VERSION;
	conn->status = CONNECTION_BAD;
	conn->transaction = PQTRANS_UNKNOWN;
	conn->socket = -1;
	conn->is_valid = true;
	fake_conninfo_set(&conn->conninfo, "host", "/tmp");
	fake_conninfo_set(&conn->conninfo, "port", "5432");
	fake_conninfo_set(&conn->conninfo, "user", "fake");
	if (sqlstate)
		fake_conninfo_set(&conn->conninfo, "fake_sqlstate", sqlstate);
	return conn;
}

static int make_socket(const char *which)
{
	static _Thread_local int one = -1;

	if (which[0] == '0')
		return -1;
	if (strcmp(which, "one") != 0)
		return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (one < 0)
		one = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return one;
}

static void drop_socket(PGconn *conn)
{
	if (conn->socket >= 0 && strcmp(conn->conninfo.fake_socket, "one") != 0)
		close(conn->socket);
	conn->socket = -1;
}

/* The real one polls once here, to have sent something already. */
static void start_connect(PGconn *conn)
{
	const char *polls = conn->conninfo.fake_polls;

	conn->polls_left = 1 + (polls[0] ? atoi(polls) : 1);
	conn->status = CONNECTION_STARTED;
	conn->socket = make_socket(conn->conninfo.fake_socket);
	PQconnectPoll(conn);
}

static void complete_connect(PGconn *conn)
{
	PostgresPollingStatusType answer;

	do {
		answer = PQconnectPoll(conn);
	} while (answer == PGRES_POLLING_READING || answer == PGRES_POLLING_WRITING);
}

/* Goes on from a connection whose parameters are set; NULL when it pretends to
 * be out of memory. */
static PGconn *start_or_give_up(PGconn *conn)
{
	if (conn->conninfo.fake_null[0] == '1') {
		fake_give_memory(conn);
		return NULL;
	}
	if (!conn->is_valid) {
		snprintf(conn->error, sizeof(conn->error), "invalid connection string\n");
		return conn;
	}
	if (!conn->conninfo.dbname[0])
		fake_conninfo_set(&conn->conninfo, "dbname", conn->conninfo.user);
	start_connect(conn);
	return conn;
}

PGconn *PQconnectStart(const char *conninfo)
{
	PGconn *conn = make_connection();

	if (!conn)
		return NULL;
	conn->is_valid = fake_conninfo_parse(&conn->conninfo, conninfo);
	return start_or_give_up(conn);
}

PGconn *PQconnectStartParams(const char *const *keywords, const char *const *values,
			     int expand_dbname)
{
	PGconn *conn = make_connection();

	if (!conn)
		return NULL;
	for (; *keywords; keywords++, values++) {
		if (!*values)
			continue;
		if (expand_dbname && strcmp(*keywords, "dbname") == 0 && strchr(*values, '='))
			conn->is_valid = fake_conninfo_parse(&conn->conninfo, *values);
		else
			fake_conninfo_set(&conn->conninfo, *keywords, *values);
	}
	return start_or_give_up(conn);
}

PGconn *PQconnectdb(const char *conninfo)
{
	PGconn *conn = PQconnectStart(conninfo);

	if (conn && conn->status != CONNECTION_BAD)
		complete_connect(conn);
	return conn;
}

PGconn *PQconnectdbParams(const char *const *keywords, const char *const *values,
			  int expand_dbname)
{
	PGconn *conn = PQconnectStartParams(keywords, values, expand_dbname);

	if (conn && conn->status != CONNECTION_BAD)
		complete_connect(conn);
	return conn;
}

PGconn *PQsetdbLogin(const char *host, const char *port, const char *options, const char *tty,
		     const char *database, const char *login, const char *password)
{
	const char *const names[] = { "host", "port", "options", "user", "password", "dbname" };
	const char *const values[] = { host, port, options, login, password, database };
	PGconn *conn = make_connection();

	if (!conn)
		return NULL;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (i == 5 && values[i] && strchr(values[i], '='))
			conn->is_valid = fake_conninfo_parse(&conn->conninfo, values[i]);
		else if (values[i] && values[i][0])
			fake_conninfo_set(&conn->conninfo, names[i], values[i]);
	}
	conn = start_or_give_up(conn);
	if (conn && conn->status != CONNECTION_BAD)
		complete_connect(conn);
	return conn;
}

static void fail_connect(PGconn *conn)
{
	PGresult *result = PQmakeEmptyPGresult(conn, PGRES_FATAL_ERROR);

	snprintf(conn->error, sizeof(conn->error), "FATAL:  refused with %s\n",
		 conn->conninfo.fake_sqlstate);
	fake_result_fail(result, conn->conninfo.fake_sqlstate, conn->error);
	conn->status = CONNECTION_BAD;
	if (conn->conninfo.fake_keep_result[0] == '1')
		conn->failure = result;
	else
		PQclear(result);
}

PostgresPollingStatusType PQconnectPoll(PGconn *conn)
{
	CHECK(conn);
	if (!conn || conn->status == CONNECTION_BAD)
		return PGRES_POLLING_FAILED;
	if (conn->status == CONNECTION_OK)
		return PGRES_POLLING_OK;
	if (conn->conninfo.fake_cancel[0] == '1')
		pthread_testcancel();
	if (conn->polls_left-- > 0)
		return conn->polls_left % 2 ? PGRES_POLLING_WRITING : PGRES_POLLING_READING;
	if (conn->conninfo.fake_sqlstate[0]) {
		fail_connect(conn);
		return PGRES_POLLING_FAILED;
	}
	conn->status = CONNECTION_OK;
	conn->transaction = PQTRANS_IDLE;
	conn->backend_pid = atomic_fetch_add(&last_backend_pid, 1) + 1;
	return PGRES_POLLING_OK;
}

static void drop_connection(PGconn *conn)
{
	drop_socket(conn);
	PQclear(conn->failure);
	conn->failure = NULL;
	conn->status = CONNECTION_BAD;
	conn->transaction = PQTRANS_UNKNOWN;
	conn->pending_count = 0;
	conn->is_copying = conn->is_between_results = false;
	conn->pipeline = PQ_PIPELINE_OFF;
}

void PQfinish(PGconn *conn)
{
	CHECK(conn);
	if (!conn)
		return;
	fake_fire(conn, PGEVT_CONNDESTROY, NULL);
	drop_connection(conn);
	fake_give_memory(conn);
}

int PQresetStart(PGconn *conn)
{
	CHECK(conn);
	if (!conn || !conn->is_valid)
		return 0;
	drop_connection(conn);
	start_connect(conn);
	return conn->status != CONNECTION_BAD;
}

PostgresPollingStatusType PQresetPoll(PGconn *conn)
{
	PostgresPollingStatusType answer = PQconnectPoll(conn);

	if (answer == PGRES_POLLING_OK)
		fake_fire(conn, PGEVT_CONNRESET, NULL);
	return answer;
}

void PQreset(PGconn *conn)
{
	CHECK(conn);
	if (!conn || !conn->is_valid)
		return;
	drop_connection(conn);
	start_connect(conn);
	complete_connect(conn);
	if (conn->status == CONNECTION_OK)
		fake_fire(conn, PGEVT_CONNRESET, NULL);
}

static PGPing ping(PGconn *conn)
{
	PGPing answer = PQPING_NO_ATTEMPT;

	if (conn && conn->is_valid) {
		complete_connect(conn);
		/* The server that says no is there. */
		answer = conn->status == CONNECTION_OK || conn->conninfo.fake_sqlstate[0]
				 ? PQPING_OK : PQPING_NO_RESPONSE;
	}
	PQfinish(conn);
	return answer;
}

PGPing PQping(const char *conninfo)
{
	return ping(PQconnectStart(conninfo));
}

PGPing PQpingParams(const char *const *keywords, const char *const *values, int expand_dbname)
{
	return ping(PQconnectStartParams(keywords, values, expand_dbname));
}
