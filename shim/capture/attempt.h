/* What this thread is doing with a connect.
 *
 * libpq has no accessor for the SQLSTATE of a failed one, but the result it makes of the
 * server's message carries it, until it is cleared.
 */
#ifndef CAPTURE_ATTEMPT_H
#define CAPTURE_ATTEMPT_H

#include <stdbool.h>
#include <stdint.h>

#include "capture/libpq.h"

enum { SQLSTATE_SIZE = 6 };

/* Values only: a notice callback may leave by longjmp. */
struct attempt {
	const PGconn *polling;        /* the connect that is polled */
	const PGresult *result;       /* what libpq made of the server's message for it */
	const PGconn *finishing;      /* the connection whose PQfinish runs */
	char sqlstate[SQLSTATE_SIZE]; /* of the last one that failed; "" unknown */
	/* A function runs that has said, or will say, which connection it makes, or that it
	 * makes none. */
	bool is_known;
	uint8_t errand; /* slot, plus 1, of the libpq whose PQcancel... or PQping was called last */
};

extern _Thread_local __attribute__((tls_model("initial-exec"))) struct attempt attempt;

/* Reads the SQLSTATE of `attempt.result`, which is about to go. */
void attempt_read(const struct libpq *libpq);

/* PQconnectPoll or PQresetPoll, with the SQLSTATE read when it fails. */
PostgresPollingStatusType attempt_poll(const struct libpq *libpq, enum libpq_call call,
				       PGconn *conn);

#endif
