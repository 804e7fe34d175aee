/* A libpq without a server, for sanitizers, threads and benchmarks.
 *
 * It exports the functions of libpq 12 to 18 that open, use and finish connections, and
 * calls its own exported functions through its PLT where the real one does. A connection
 * is memory that knows whether it is open and whose it is: a call on a finished one, or on
 * one of another libpq, prints which and aborts. Memory of a finished connection is given
 * out again at once, as the real one's often is.
 *
 * Connection strings ("key=value ..."; no URIs) may have, besides libpq's own:
 *
 *	fake_sqlstate=53300   the connect fails with it, through a PGresult
 *	fake_keep_result=1    that result is cleared by PQfinish, not by PQconnectPoll
 *	fake_polls=N          PQconnectPoll wants N more calls, 1 unless told
 *	fake_socket=0         no descriptor; PQsocket is -1
 *	fake_socket=one       a thread's all have one, since making one takes longer than all else
 *	fake_null=1           out of memory: creators return NULL
 *	fake_cancel=1         PQconnectPoll is a cancellation point, as where the real one waits
 *
 * FAKE_LIBPQ_SQLSTATE in the environment is fake_sqlstate for all. Query texts that begin
 * with begin, commit, rollback, copy, select, error or notice do what they say.
 */
#ifndef FAKE_LIBPQ_H
#define FAKE_LIBPQ_H

#include <libpq-fe.h>
#include <libpq-events.h>
#include <stdbool.h>
#include <stdint.h>

#include "newer.h"

enum { FAKE_TEXT_MAX = 64, FAKE_EVENTS_MAX = 4, FAKE_PENDING_MAX = 64 };

/* What a query will have done when its result is fetched. */
struct fake_effect {
	ExecStatusType status;
	PGTransactionStatusType transaction; /* UNKNOWN: as it was */
};

struct fake_event {
	PGEventProc procedure;
	void *pass_through;
	void *data;
};

/* As it is in the connection string; "" when not there. */
struct fake_conninfo {
	char host[FAKE_TEXT_MAX], hostaddr[FAKE_TEXT_MAX], port[FAKE_TEXT_MAX];
	char dbname[FAKE_TEXT_MAX], user[FAKE_TEXT_MAX], password[FAKE_TEXT_MAX];
	char options[FAKE_TEXT_MAX], application_name[FAKE_TEXT_MAX];
	char fake_sqlstate[FAKE_TEXT_MAX], fake_keep_result[FAKE_TEXT_MAX];
	char fake_polls[FAKE_TEXT_MAX], fake_socket[FAKE_TEXT_MAX], fake_null[FAKE_TEXT_MAX];
	char fake_cancel[FAKE_TEXT_MAX];
};

struct pg_conn {
	struct pg_conn *next_free;
	uint32_t magic; /* FAKE_LIBPQ_VERSION while it is open */
	bool is_valid;  /* the connection string was */
	struct fake_conninfo conninfo;
	ConnStatusType status;
	int polls_left;
	int socket;
	int backend_pid;
	char error[128];
	PGresult *failure;
	PGTransactionStatusType transaction;
	PGpipelineStatus pipeline;
	bool is_copying, is_between_results, is_nonblocking;
	struct fake_effect pending[FAKE_PENDING_MAX];
	unsigned pending_first, pending_count;
	struct fake_event events[FAKE_EVENTS_MAX];
	PQnoticeReceiver notice_receiver;
	void *notice_receiver_argument;
	PQnoticeProcessor notice_processor;
	void *notice_processor_argument;
};

/* Beyond libpq's functions: connections of this library not finished so far. */
int fake_libpq_open_count(void);

#define HIDDEN __attribute__((visibility("hidden")))

/* Aborts unless `conn` is NULL or an open connection of this library. */
#define CHECK(conn) fake_check(conn, __func__)
HIDDEN void fake_check(const PGconn *conn, const char *call);

/* Memory for a connection, counted as open, and back; the last given is taken first. */
HIDDEN PGconn *fake_take_memory(void);
HIDDEN void fake_give_memory(PGconn *conn);

/* False for a connection string that is none. */
HIDDEN bool fake_conninfo_parse(struct fake_conninfo *conninfo,
							       const char *text);
HIDDEN void fake_conninfo_set(struct fake_conninfo *conninfo, const char *keyword,
			      const char *value);

/* A result with an error as the server reports it. */
HIDDEN void fake_result_fail(PGresult *result, const char *sqlstate, const char *message);
HIDDEN int fake_submit(PGconn *conn, const char *query);
HIDDEN PGresult *fake_run(PGconn *conn, const char *query);
HIDDEN void fake_fire(PGconn *conn, PGEventId id, PGresult *result);
HIDDEN void fake_notice(PGconn *conn);

#endif
