#include "capture/shape.h"

#include <errno.h>

#include "frames/peek.h"

enum { SHAPE_WORDS = 8 };

static bool is_readable(uintptr_t address)
{
	char byte;

	return peek(address, &byte, sizeof(byte));
}

static bool is_connection_like(const PGconn *pointer)
{
	uintptr_t words[SHAPE_WORDS];

	if (!peek((uintptr_t)pointer, words, sizeof(words)))
		return false;
	for (int i = 0; i < SHAPE_WORDS; i++) {
		if (words[i] && !is_readable(words[i]))
			return false;
	}
	return true;
}

/* A test double has few functions, and connections that are any number. */
static bool is_of_postgres(const struct libpq *libpq)
{
	return libpq->is_complete && libpq->register_event_proc && libpq->version >= 120000;
}

void shape_learn(struct libpq *libpq, const PGconn *conn)
{
	int error = errno;

	if (libpq->shape != SHAPE_UNKNOWN)
		return;
	peek_set_guarded(true);
	libpq->shape = is_of_postgres(libpq) && is_connection_like(conn) ? SHAPE_KNOWN :
									   SHAPE_OTHER;
	errno = error;
}

bool shape_is_foreign(const struct libpq *libpq, const PGconn *pointer)
{
	int error = errno;
	bool is_foreign;

	if (!is_of_postgres(libpq) || libpq->shape == SHAPE_OTHER)
		return false;
	peek_set_guarded(true);
	is_foreign = libpq->shape == SHAPE_KNOWN ?
			     (uintptr_t)pointer % sizeof(void *) || !is_connection_like(pointer) :
			     !is_readable((uintptr_t)pointer);
	errno = error;
	return is_foreign;
}
