#include "capture/sockets.h"

#include <errno.h>
#include <stdbool.h>
#include <sys/stat.h>

/* `socket` is this connection's: is it still? */
static bool is_there(const struct ledger_connection *connection)
{
	struct stat status;

	return !fstat(connection->socket, &status) && status.st_ino == connection->socket_inode;
}

/* Of what was lost libpq itself closed the socket, in sight: PQfinish is due all the same. */
static bool is_gone(const struct ledger_connection *connection)
{
	return connection->transaction != LEDGER_TRANSACTION_LOST && connection->socket_inode &&
	       !is_there(connection);
}

/* A copy made while nobody was inside; false when somebody was. */
static bool copy_whole(const struct ledger_connection *record,
		       struct ledger_connection *ret_connection)
{
	uint32_t sequence = __atomic_load_n(&record->sequence, __ATOMIC_ACQUIRE);

	*ret_connection = *record;
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return sequence % 2 == 0 &&
	       sequence == __atomic_load_n(&record->sequence, __ATOMIC_RELAXED);
}

/* The state is one byte, and changed alone: no `sequence`, which belongs to who has the lock,
 * and may stand in the middle of a change that this signal handler interrupted. */
static void check(struct ledger_connection *record)
{
	struct ledger_connection connection;

	if (!copy_whole(record, &connection) ||
	    (connection.state != LEDGER_OPEN && connection.state != LEDGER_CLOSED_UNSEEN))
		return;
	uint8_t state = is_gone(&connection) ? LEDGER_CLOSED_UNSEEN : LEDGER_OPEN;

	/* The slot may have become another connection's meanwhile. */
	if (state != connection.state &&
	    connection.sequence == __atomic_load_n(&record->sequence, __ATOMIC_ACQUIRE))
		__atomic_compare_exchange_n(&record->state, &connection.state, state, false,
					    __ATOMIC_RELEASE, __ATOMIC_RELAXED);
}

void sockets_check(struct ledger *ledger)
{
	const struct ledger_section *section = &ledger->header->section[LEDGER_CONNECTIONS];
	uint64_t used = __atomic_load_n(&section->used, __ATOMIC_ACQUIRE);
	int error = errno;

	for (uint32_t id = 1; id <= used / section->record_size; id++)
		check(ledger_record(ledger, LEDGER_CONNECTIONS, id));
	errno = error;
}
