/* The exported functions: one per row of libpq_calls.def, one body per class; and their
 * likes for each of the first libpqs, for who asked the loader for its functions.
 *
 * No lock is held while the real function runs, and it is called normally, never
 * jumped to: a function of libpq that jumps to another one must find the shim as
 * its caller (PQcancelFinish does).
 */
#include "capture/wrappers.h"

#include "capture/attempt.h"
#include "capture/delivery.h"
#include "capture/limits.h"
#include "capture/objects.h"
#include "capture/recorder.h"
#include "capture/sighting.h"
#include "capture/wrapper_errands.h"
#include "capture/wrapper_results.h"

#define REAL(libpq, type, name, parameters) ((type(*) parameters)(libpq)->call[CALL_##name])

/* No libpq is meant: the caller's is. */
#define NO_SLOT LIBPQ_SLOTS

static struct libpq *find(size_t slot, uintptr_t return_address, enum libpq_call call)
{
	/* PQcancelFinish jumps to PQfinish, and PQcancelPoll to PQconnectPoll, with what is no
	 * connection on record. */
	if (slot == NO_SLOT && attempt.errand && object_is_shim(return_address))
		slot = attempt.errand - 1u;
	if (slot != NO_SLOT)
		return libpq_in_slot(slot);
	struct libpq *own = libpq_inside(return_address);

	return own && own->call[call] ? own : libpq_find(return_address, call);
}

static void note_errand(const struct libpq *libpq)
{
	attempt.errand = (uint8_t)(libpq_slot(libpq) + 1);
}

/* Of a connection that is not on record. One that was finished is about to crash libpq, which
 * is told before. */
static struct libpq *stranger_libpq(size_t slot, const struct use *use)
{
	struct libpq *libpq = find(slot, use->return_address, use->call);

	if (libpq && !libpq_is_nested(libpq, use->return_address) &&
	    recorder_strange(libpq, use->call, use->conn, use->return_address))
		delivery_warn();
	return libpq;
}

/* Where a call on a connection goes: to the libpq that made it, else to its caller's. Both
 * NULL-safe: a connection of NULL is legal, and libpq's to judge. Fills `use->connection`
 * when the call is the application's, on a connection on record. */
static struct libpq *libpq_of(size_t slot, struct use *use)
{
	struct libpq *libpq = libpq_inside(use->return_address);

	if (libpq && libpq->call[use->call])
		return libpq;
	struct connection *connection = recorder_find(use->conn);

	libpq = connection ? connection->libpq : NULL;
	if (!libpq || !libpq->call[use->call])
		return stranger_libpq(slot, use);
	/* PQputline jumps to PQputnbytes, which finds the wrapper of the first as its caller. */
	if (!object_is_shim(use->return_address)) {
		use->connection = connection;
		use->libpq = libpq;
	}
	struct libpq *before = slot == NO_SLOT ? libpq_before(use->return_address, use->call) :
						 NULL;

	return before ? before : libpq;
}

static bool is_application(const struct libpq *libpq, uintptr_t return_address)
{
	return libpq->is_complete && !libpq_is_nested(libpq, return_address);
}

/* Those of libpq 17 and newer are in no header of an older one. */
#define LIBPQ_CALL(class, type, name, parameters, arguments) type name parameters;
#include "capture/libpq_calls.def"
#undef LIBPQ_CALL

#define WRAP_CREATE(type, name, parameters, arguments)                                  \
	LINKAGE type NAME(name) parameters                                              \
	{                                                                               \
		struct use use = USE_FOR_NEW(name);                                     \
		struct libpq *libpq = find(SLOT, use.return_address, use.call);         \
		bool was_known = attempt.is_known;                                      \
                                                                                        \
		if (!libpq)                                                             \
			return NULL;                                                    \
		if (is_application(libpq, use.return_address))                          \
			attempt.sqlstate[0] = 0;                                        \
		attempt.is_known = was_known || libpq->is_complete;                     \
		type conn = REAL(libpq, type, name, parameters) arguments;              \
                                                                                        \
		attempt.is_known = was_known;                                           \
		if (conn && is_application(libpq, use.return_address)) {                \
			use.conn = conn;                                                \
			use.libpq = libpq;                                              \
			recorder_opened(&use, attempt.sqlstate);                        \
			limits_check(libpq, conn, attempt.sqlstate);                    \
		}                                                                       \
		return conn;                                                            \
	}

#define WRAP_START WRAP_CREATE

/* A connection that is nobody's yet was made past the wrappers: the second line. */
#define WRAP_POLL(type, name, parameters, arguments)                                    \
	LINKAGE type NAME(name) parameters                                              \
	{                                                                               \
		struct use use = USE_OF(name);                                          \
		bool was_known = attempt.is_known;                                      \
		struct libpq *libpq = libpq_of(SLOT, &use);                             \
                                                                                        \
		if (!libpq)                                                             \
			return PGRES_POLLING_FAILED;                                    \
		if (!use.connection && !was_known)                                      \
			use.connection = sighting_record(libpq, &use);                  \
		if (!use.connection)                                                    \
			return attempt_poll(libpq, CALL_##name, conn);                  \
		attempt.sqlstate[0] = 0;                                                \
		attempt.is_known = true;                                                \
		recorder_entering(&use);                                                \
		type status = attempt_poll(libpq, CALL_##name, conn);                   \
                                                                                        \
		recorder_left(&use);                                                    \
		attempt.is_known = was_known;                                           \
		if (status == PGRES_POLLING_OK || status == PGRES_POLLING_FAILED) {     \
			recorder_connected(conn, attempt.sqlstate);                     \
			limits_check(libpq, conn, attempt.sqlstate);                    \
		}                                                                       \
		return status;                                                          \
	}

#define WRAP_RESET_POLL WRAP_POLL

#define WRAP_RESET(type, name, parameters, arguments)                                   \
	LINKAGE type NAME(name) parameters                                              \
	{                                                                               \
		struct use use = USE_OF(name);                                          \
		bool was_known = attempt.is_known;                                      \
		struct libpq *libpq = libpq_of(SLOT, &use);                             \
                                                                                        \
		if (!libpq)                                                             \
			return;                                                         \
		attempt.sqlstate[0] = 0;                                                \
		attempt.is_known = use.connection || was_known;                         \
		if (use.connection)                                                     \
			recorder_entering(&use);                                        \
		bool is_taken = use.connection && recorder_resetting(&use);             \
                                                                                        \
		REAL(libpq, type, name, parameters) arguments;                          \
		attempt.is_known = was_known;                                           \
		if (use.connection)                                                     \
			recorder_left(&use);                                            \
		if (is_taken)                                                           \
			recorder_opened(&use, attempt.sqlstate);                        \
		else if (use.connection)                                                \
			recorder_connected(conn, attempt.sqlstate);                     \
		if (use.connection)                                                     \
			limits_check(libpq, conn, attempt.sqlstate);                    \
	}

#define WRAP_RESET_START(type, name, parameters, arguments)                             \
	LINKAGE type NAME(name) parameters                                              \
	{                                                                               \
		struct use use = USE_OF(name);                                          \
		struct libpq *libpq = libpq_of(SLOT, &use);                             \
                                                                                        \
		if (!libpq)                                                             \
			return 0;                                                       \
		if (use.connection)                                                     \
			recorder_using(&use);                                           \
		bool is_taken = use.connection && recorder_resetting(&use);             \
		type returned = REAL(libpq, type, name, parameters) arguments;          \
                                                                                        \
		if (is_taken)                                                           \
			recorder_opened(&use, "");                                      \
		else if (use.connection)                                                \
			recorder_used(&use);                                            \
		return returned;                                                        \
	}

#define WRAP_FINISH(type, name, parameters, arguments)                                  \
	LINKAGE type NAME(name) parameters                                              \
	{                                                                               \
		struct use use = USE_OF(name);                                          \
		struct libpq *libpq = libpq_of(SLOT, &use);                             \
                                                                                        \
		if (!libpq)                                                             \
			return;                                                         \
		if (use.connection) {                                                   \
			recorder_entering(&use);                                        \
			recorder_finishing(&use);                                       \
		}                                                                       \
		const PGconn *before = attempt.finishing;                               \
                                                                                        \
		attempt.finishing = conn;                                               \
		REAL(libpq, type, name, parameters) arguments;                          \
		attempt.finishing = before;                                             \
	}

/* A call on a connection, and what is noted when it has returned. */
#define WRAP_ANSWER(type, name, parameters, arguments, before, after)                   \
	LINKAGE type NAME(name) parameters                                              \
	{                                                                               \
		struct use use = USE_OF(name);                                          \
		struct libpq *libpq = libpq_of(SLOT, &use);                             \
                                                                                        \
		if (!libpq)                                                             \
			return (type)0;                                                 \
		if (use.connection)                                                     \
			before(&use);                                                   \
		type returned = REAL(libpq, type, name, parameters) arguments;          \
                                                                                        \
		NOTE_MADE(libpq, name, returned, use.return_address);                   \
		if (use.connection)                                                     \
			after(&use);                                                    \
		return returned;                                                        \
	}

#define WRAP_USE(type, name, parameters, arguments)                                     \
	WRAP_ANSWER(type, name, parameters, arguments, recorder_using, recorder_used)

#define WRAP_RECEIVE(type, name, parameters, arguments)                                 \
	WRAP_ANSWER(type, name, parameters, arguments, recorder_entering, recorder_received)

#define LIBPQ_CALL(class, type, name, parameters, arguments) \
	WRAP_##class(type, name, parameters, arguments)

#define LINKAGE __attribute__((visibility("default")))
#define NAME(name) name
#define SLOT NO_SLOT
#include "capture/libpq_calls.def"
#undef LINKAGE
#undef NAME
#undef SLOT

#define LINKAGE static
#define NAME(name) name##_of_0
#define SLOT 0
#include "capture/libpq_calls.def"
#undef NAME
#undef SLOT
#define NAME(name) name##_of_1
#define SLOT 1
#include "capture/libpq_calls.def"
#undef NAME
#undef SLOT
#define NAME(name) name##_of_2
#define SLOT 2
#include "capture/libpq_calls.def"
#undef NAME
#undef SLOT
#define NAME(name) name##_of_3
#define SLOT 3
#include "capture/libpq_calls.def"
#undef LIBPQ_CALL

#define LIBPQ_CALL(class, type, name, parameters, arguments) \
	[CALL_##name] = { name##_of_0, name##_of_1, name##_of_2, name##_of_3, name },
static void *const wrappers[CALL_COUNT][LIBPQ_SLOTS + 1] = {
#include "capture/libpq_calls.def"
};
#undef LIBPQ_CALL

void *wrapper_for(const struct libpq *libpq, enum libpq_call call, void *function)
{
	if (!libpq || !libpq->is_complete)
		return function;
	size_t slot = libpq_slot(libpq);

	return wrappers[call][slot < LIBPQ_SLOTS ? slot : NO_SLOT];
}
