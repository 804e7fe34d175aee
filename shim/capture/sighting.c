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

bool sighting_record(struct libpq *libpq, enum libpq_call call, PGconn *conn,
		     uintptr_t return_address)
{
	int error = errno;

	if (!conn || !libpq->is_complete)
		return false;
	if (recorder_libpq(conn))
		return true;
	recorder_opened(libpq, call, conn, return_address, "");
	if (!recorder_libpq(conn))
		return false;
	if (libpq->register_event_proc)
		libpq->register_event_proc(conn, event_seen, "pqleak", NULL);
	errno = error;
	return true;
}
