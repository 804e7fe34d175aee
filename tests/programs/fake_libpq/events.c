/* Event procedures and notices: where libpq calls back into the program. */
#include "fake_libpq.h"

#include <stdlib.h>

static struct fake_event *find_event(PGconn *conn, PGEventProc procedure)
{
	for (size_t i = 0; conn && i < FAKE_EVENTS_MAX; i++)
		if (conn->events[i].procedure == procedure)
			return &conn->events[i];
	return NULL;
}

int PQregisterEventProc(PGconn *conn, PGEventProc procedure, const char *name,
			void *pass_through)
{
	struct fake_event *event = find_event(conn, NULL);
	PGEventRegister info = { conn };

	CHECK(conn);
	if (!event || !procedure || !name || find_event(conn, procedure))
		return 0;
	*event = (struct fake_event){ procedure, pass_through, NULL };
	if (procedure(PGEVT_REGISTER, &info, pass_through))
		return 1;
	*event = (struct fake_event){ 0 };
	return 0;
}

int PQsetInstanceData(PGconn *conn, PGEventProc procedure, void *data)
{
	struct fake_event *event = find_event(conn, procedure);

	CHECK(conn);
	if (event)
		event->data = data;
	return event != NULL;
}

void *PQinstanceData(const PGconn *conn, PGEventProc procedure)
{
	struct fake_event *event = find_event((PGconn *)conn, procedure);

	CHECK(conn);
	return event ? event->data : NULL;
}

/* All three infos begin with the connection. */
void fake_fire(PGconn *conn, PGEventId id, PGresult *result)
{
	PGEventResultCreate info = { conn, result };

	for (size_t i = 0; i < FAKE_EVENTS_MAX; i++)
		if (conn->events[i].procedure)
			conn->events[i].procedure(id, &info, conn->events[i].pass_through);
}

PQnoticeReceiver PQsetNoticeReceiver(PGconn *conn, PQnoticeReceiver receiver, void *argument)
{
	PQnoticeReceiver before;

	CHECK(conn);
	if (!conn)
		return NULL;
	before = conn->notice_receiver;
	if (receiver) {
		conn->notice_receiver = receiver;
		conn->notice_receiver_argument = argument;
	}
	return before;
}

PQnoticeProcessor PQsetNoticeProcessor(PGconn *conn, PQnoticeProcessor processor, void *argument)
{
	PQnoticeProcessor before;

	CHECK(conn);
	if (!conn)
		return NULL;
	before = conn->notice_processor;
	if (processor) {
		conn->notice_processor = processor;
		conn->notice_processor_argument = argument;
	}
	return before;
}

void fake_notice(PGconn *conn)
{
	PGresult *result = PQmakeEmptyPGresult(conn, PGRES_NONFATAL_ERROR);

	fake_result_fail(result, "01000", "NOTICE:  as the query said\n");
	if (conn->notice_receiver)
		conn->notice_receiver(conn->notice_receiver_argument, result);
	else if (conn->notice_processor)
		conn->notice_processor(conn->notice_processor_argument,
				       PQresultErrorMessage(result));
	PQclear(result);
}
