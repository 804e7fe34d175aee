/* The exported functions: one per row of libpq_calls.def, one body per class.
 *
 * No lock is held while the real function runs, and it is called normally, never
 * jumped to: a function of libpq that jumps to another one must find the shim as
 * its caller (PQcancelFinish does).
 */
#include <string.h>

#include "capture/libpq.h"
#include "capture/recorder.h"

#define EXPORT __attribute__((visibility("default")))
#define RETURN_ADDRESS ((uintptr_t)__builtin_return_address(0))
#define REAL(libpq, type, name, parameters) ((type(*) parameters)(libpq)->call[CALL_##name])

enum { SQLSTATE_SIZE = 6 };

/* The connect that this thread is polling. libpq has no accessor for the SQLSTATE of
 * a failed one, but the result it makes of the server's message carries it, until
 * it is cleared. Values only: a notice callback may leave by longjmp. */
static _Thread_local __attribute__((tls_model("initial-exec"))) struct {
	const PGconn *polling;
	const PGresult *result;
	char sqlstate[SQLSTATE_SIZE];
} attempt;

static void attempt_read(const struct libpq *libpq)
{
	const char *sqlstate = libpq->PQresultErrorField(attempt.result, PG_DIAG_SQLSTATE);

	if (sqlstate && strlen(sqlstate) < SQLSTATE_SIZE)
		strcpy(attempt.sqlstate, sqlstate);
	attempt.result = NULL;
}

static PostgresPollingStatusType attempt_poll(const struct libpq *libpq, enum libpq_call call,
					      PGconn *conn)
{
	PostgresPollingStatusType (*real)(PGconn *) =
		(PostgresPollingStatusType(*)(PGconn *))libpq->call[call];

	attempt.polling = conn;
	attempt.result = NULL;
	PostgresPollingStatusType status = real(conn);

	if (status == PGRES_POLLING_FAILED && attempt.result && libpq->is_complete)
		attempt_read(libpq);
	attempt.polling = NULL;
	attempt.result = NULL;
	return status;
}

/* Where a call on `conn` goes: to the libpq that made it, else to its caller's. Both
 * NULL-safe: a connection of NULL is legal, and libpq's to judge. */
static struct libpq *libpq_of(const PGconn *conn, uintptr_t return_address, enum libpq_call call,
			      bool *ret_is_recorded)
{
	struct libpq *libpq = libpq_inside(return_address);

	*ret_is_recorded = false;
	if (libpq && libpq->call[call])
		return libpq;
	libpq = recorder_libpq(conn);
	if (!libpq || !libpq->call[call])
		return libpq_find(return_address, call);
	*ret_is_recorded = true;
	return libpq;
}

static bool is_application(const struct libpq *libpq, uintptr_t return_address)
{
	return libpq->is_complete && !libpq_is_nested(libpq, return_address);
}

/* Those of libpq 17 and newer are in no header of an older one. */
#define LIBPQ_CALL(class, type, name, parameters, arguments) type name parameters;
#include "capture/libpq_calls.def"
#undef LIBPQ_CALL

#define WRAP_CREATE(type, name, parameters, arguments)                            \
	EXPORT type name parameters                                               \
	{                                                                         \
		uintptr_t caller = RETURN_ADDRESS;                                \
		struct libpq *libpq = libpq_find(caller, CALL_##name);            \
                                                                                  \
		if (!libpq)                                                       \
			return NULL;                                              \
		if (is_application(libpq, caller))                                \
			attempt.sqlstate[0] = 0;                                  \
		type conn = REAL(libpq, type, name, parameters) arguments;        \
                                                                                  \
		if (conn && is_application(libpq, caller))                        \
			recorder_opened(libpq, CALL_##name, conn, caller, attempt.sqlstate); \
		return conn;                                                      \
	}

#define WRAP_START WRAP_CREATE

#define WRAP_POLL(type, name, parameters, arguments)                              \
	EXPORT type name parameters                                               \
	{                                                                         \
		uintptr_t caller = RETURN_ADDRESS;                                \
		bool is_recorded;                                                 \
		struct libpq *libpq = libpq_of(conn, caller, CALL_##name, &is_recorded); \
                                                                                  \
		if (!libpq)                                                       \
			return PGRES_POLLING_FAILED;                              \
		if (!is_recorded)                                                 \
			return attempt_poll(libpq, CALL_##name, conn);            \
		attempt.sqlstate[0] = 0;                                          \
		type status = attempt_poll(libpq, CALL_##name, conn);             \
                                                                                  \
		if (status == PGRES_POLLING_OK || status == PGRES_POLLING_FAILED) \
			recorder_connected(conn, attempt.sqlstate);               \
		return status;                                                    \
	}

#define WRAP_RESET_POLL WRAP_POLL

#define WRAP_RESET(type, name, parameters, arguments)                             \
	EXPORT type name parameters                                               \
	{                                                                         \
		uintptr_t caller = RETURN_ADDRESS;                                \
		bool is_recorded;                                                 \
		struct libpq *libpq = libpq_of(conn, caller, CALL_##name, &is_recorded); \
                                                                                  \
		if (!libpq)                                                       \
			return;                                                   \
		attempt.sqlstate[0] = 0;                                          \
		REAL(libpq, type, name, parameters) arguments;                    \
		if (is_recorded)                                                  \
			recorder_connected(conn, attempt.sqlstate);               \
	}

#define WRAP_RESET_START WRAP_USE

#define WRAP_FINISH(type, name, parameters, arguments)                            \
	EXPORT type name parameters                                               \
	{                                                                         \
		uintptr_t caller = RETURN_ADDRESS;                                \
		bool is_recorded;                                                 \
		struct libpq *libpq = libpq_of(conn, caller, CALL_##name, &is_recorded); \
                                                                                  \
		if (!libpq)                                                       \
			return;                                                   \
		if (is_recorded)                                                  \
			recorder_finishing(conn, caller);                         \
		REAL(libpq, type, name, parameters) arguments;                    \
	}

#define WRAP_VOID(type, name, parameters, arguments)                              \
	EXPORT type name parameters                                               \
	{                                                                         \
		struct libpq *libpq = libpq_find(RETURN_ADDRESS, CALL_##name);    \
                                                                                  \
		if (libpq)                                                        \
			REAL(libpq, type, name, parameters) arguments;            \
	}

#define WRAP_CANCEL_FINISH WRAP_VOID

#define WRAP_PING(type, name, parameters, arguments)                              \
	EXPORT type name parameters                                               \
	{                                                                         \
		struct libpq *libpq = libpq_find(RETURN_ADDRESS, CALL_##name);    \
                                                                                  \
		if (!libpq)                                                       \
			return PQPING_NO_ATTEMPT;                                 \
		type status = REAL(libpq, type, name, parameters) arguments;      \
                                                                                  \
		return status;                                                    \
	}

/* A call on a connection, and what is noted when it has returned. */
#define WRAP_ANSWER(type, name, parameters, arguments, after)                     \
	EXPORT type name parameters                                               \
	{                                                                         \
		uintptr_t caller = RETURN_ADDRESS;                                \
		bool is_recorded;                                                 \
		struct libpq *libpq = libpq_of(conn, caller, CALL_##name, &is_recorded); \
                                                                                  \
		if (!libpq)                                                       \
			return (type)0;                                           \
		type returned = REAL(libpq, type, name, parameters) arguments;    \
                                                                                  \
		if (is_recorded)                                                  \
			after;                                                    \
		return returned;                                                  \
	}

#define WRAP_USE(type, name, parameters, arguments)      \
	WRAP_ANSWER(type, name, parameters, arguments, \
		    recorder_used(conn, CALL_##name, caller))

#define WRAP_RECEIVE(type, name, parameters, arguments) \
	WRAP_ANSWER(type, name, parameters, arguments, recorder_received(conn))

#define WRAP_MAKE_RESULT(type, name, parameters, arguments)                       \
	EXPORT type name parameters                                               \
	{                                                                         \
		struct libpq *libpq = libpq_find(RETURN_ADDRESS, CALL_##name);    \
                                                                                  \
		if (!libpq)                                                       \
			return NULL;                                              \
		type returned = REAL(libpq, type, name, parameters) arguments;    \
                                                                                  \
		if (conn && conn == attempt.polling && libpq->is_complete)        \
			attempt.result = returned;                                \
		return returned;                                                  \
	}

#define WRAP_CLEAR(type, name, parameters, arguments)                             \
	EXPORT type name parameters                                               \
	{                                                                         \
		struct libpq *libpq = libpq_find(RETURN_ADDRESS, CALL_##name);    \
                                                                                  \
		if (!libpq)                                                       \
			return;                                                   \
		if (result && result == attempt.result)                           \
			attempt_read(libpq);                                      \
		REAL(libpq, type, name, parameters) arguments;                    \
	}

#define LIBPQ_CALL(class, type, name, parameters, arguments) \
	WRAP_##class(type, name, parameters, arguments)
#include "capture/libpq_calls.def"
#undef LIBPQ_CALL
