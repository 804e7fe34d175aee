/* The wrappers' part in results: what a call hands out is noted, and what takes it back.
 * Private to capture/wrappers.c, whose `find` and `libpq_of` the bodies use.
 *
 * Nothing here costs more than a look at one flag where results are not tracked.
 */
#ifndef CAPTURE_WRAPPER_RESULTS_H
#define CAPTURE_WRAPPER_RESULTS_H

#include "capture/recorder.h"

/* Whether what a call returns is to be given back is told by its type. */
#define RESULT_KIND(value)                                     \
	_Generic((value),                                      \
		PGresult *: LEDGER_RESULT_PGRESULT,            \
		PGcancel *: LEDGER_RESULT_PGCANCEL,            \
		PGcancelConn *: LEDGER_RESULT_PGCANCELCONN,    \
		PQconninfoOption *: LEDGER_RESULT_CONNINFO,    \
		default: LEDGER_RESULT_NONE)

#define NOTE_MADE(libpq, name, value, caller)                                           \
	do {                                                                            \
		if (RESULT_KIND(value) && __builtin_expect(recorder_tracks_results, 0)) \
			recorder_made(libpq, CALL_##name, RESULT_KIND(value),           \
				      (const void *)(uintptr_t)(value), caller);        \
	} while (0)

static inline void note_giving_back(const void *pointer)
{
	if (__builtin_expect(recorder_tracks_results, 0))
		recorder_giving_back(pointer);
}

#define WRAP_MAKE_RESULT(type, name, parameters, arguments)                             \
	LINKAGE type NAME(name) parameters                                              \
	{                                                                               \
		uintptr_t caller = RETURN_ADDRESS;                                      \
		struct libpq *libpq = find(SLOT, caller, CALL_##name);                  \
                                                                                        \
		if (!libpq)                                                             \
			return NULL;                                                    \
		type returned = REAL(libpq, type, name, parameters) arguments;          \
                                                                                        \
		if (conn && conn == attempt.polling && libpq->is_complete)              \
			attempt.result = returned;                                      \
		NOTE_MADE(libpq, name, returned, caller);                               \
		return returned;                                                        \
	}

#define WRAP_CLEAR(type, name, parameters, arguments)                                   \
	LINKAGE type NAME(name) parameters                                              \
	{                                                                               \
		struct libpq *libpq = find(SLOT, RETURN_ADDRESS, CALL_##name);          \
                                                                                        \
		if (!libpq)                                                             \
			return;                                                         \
		if (result && result == attempt.result)                                 \
			attempt_read(libpq);                                            \
		note_giving_back(result);                                               \
		REAL(libpq, type, name, parameters) arguments;                          \
	}

#define WRAP_MADE(type, name, parameters, arguments, find_libpq)                        \
	LINKAGE type NAME(name) parameters                                              \
	{                                                                               \
		uintptr_t caller = RETURN_ADDRESS;                                      \
		struct libpq *libpq = find_libpq;                                       \
                                                                                        \
		if (!libpq)                                                             \
			return NULL;                                                    \
		type returned = REAL(libpq, type, name, parameters) arguments;          \
                                                                                        \
		NOTE_MADE(libpq, name, returned, caller);                               \
		return returned;                                                        \
	}

#define WRAP_HAND_OUT(type, name, parameters, arguments)                                \
	WRAP_MADE(type, name, parameters, arguments, find(SLOT, caller, CALL_##name))

#define WRAP_DERIVE(type, name, parameters, arguments)                                  \
	WRAP_MADE(type, name, parameters, arguments,                                    \
		  libpq_of(SLOT, &(struct use){ .conn = conn, .call = CALL_##name,      \
						.return_address = caller }))

#define WRAP_GIVE_BACK(type, name, parameters, arguments)                               \
	LINKAGE type NAME(name) parameters                                              \
	{                                                                               \
		struct libpq *libpq = find(SLOT, RETURN_ADDRESS, CALL_##name);          \
                                                                                        \
		if (!libpq)                                                             \
			return;                                                         \
		note_giving_back((const void *)arguments);                              \
		REAL(libpq, type, name, parameters) arguments;                          \
	}

#endif
