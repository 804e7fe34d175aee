#include "capture/sighting.h"

#include <errno.h>
#include <stddef.h>

#include "capture/recorder.h"

static int event_seen(PGEventId id, void *info, void *data)
{
	(void)data;
	if (id == PGEVT_RESULTCREATE)
		recorder_answered(((PGEventResultCreate *)info)->conn);
	if (id == PGEVT_CONNDESTROY) {
		PGconn *conn = ((PGEventConnDestroy *)info)->conn;

		/* Not when its PQfinish has passed a wrapper. */
		if (recorder_libpq(conn))
			recorder_finishing(conn, (uintptr_t)__builtin_return_address(0));
	}
	return 1;
}

struct connection *sighting_record(struct libpq *libpq, enum libpq_call call, PGconn *conn,
				   uintptr_t return_address)
{
	int error = errno;

	struct connection *connection = recorder_find(conn);

	if (!conn || !libpq->is_complete || connection)
		return connection;
	/* A new one at that address is polled by its creator first, inside of libpq. */
	if (!libpq_is_nested(libpq, return_address) && recorder_is_finished(conn))
		return NULL;
	recorder_opened(libpq, call, conn, return_address, "");
	connection = recorder_find(conn);
	if (connection && libpq->register_event_proc)
		libpq->register_event_proc(conn, event_seen, "pqleak", NULL);
	errno = error;
	return connection;
}
