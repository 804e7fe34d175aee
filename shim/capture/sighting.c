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
		struct connection *connection = recorder_find(conn);

		if (connection)
			recorder_finishing(&(struct use){ .conn = conn, .connection = connection,
							  .libpq = connection->libpq,
							  .call = CALL_PQfinish,
							  .return_address = RETURN_ADDRESS });
	}
	return 1;
}

struct connection *sighting_record(struct libpq *libpq, struct use *use)
{
	int error = errno;
	PGconn *conn = use->conn;
	struct connection *connection = recorder_find(conn);

	use->libpq = libpq;
	if (!conn || !libpq->is_complete || connection)
		return connection;
	/* A new one at that address is polled by its creator first, inside of libpq. */
	if (!libpq_is_nested(libpq, use->return_address) && recorder_is_finished(conn))
		return NULL;
	recorder_opened(use, "");
	connection = recorder_find(conn);
	if (connection && libpq->register_event_proc)
		libpq->register_event_proc(conn, event_seen, "pqleak", NULL);
	errno = error;
	return connection;
}
