#include "analyze/sockets.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { LINK_MAX_BYTES = 64 };

enum sight { SIGHT_NONE, SIGHT_THERE, SIGHT_GONE };

/* /proc/PID/fd/N names what a descriptor is: "socket:[1234]". */
static enum sight socket_see(int pid, const struct ledger_connection *connection)
{
	char path[LINK_MAX_BYTES], wanted[LINK_MAX_BYTES], link[LINK_MAX_BYTES];
	ssize_t length;

	if (connection->socket < 0 || !connection->socket_inode)
		return SIGHT_NONE;
	snprintf(path, sizeof(path), "/proc/%d/fd/%" PRId32, pid, connection->socket);
	snprintf(wanted, sizeof(wanted), "socket:[%" PRIu64 "]", connection->socket_inode);
	length = readlink(path, link, sizeof(link) - 1);
	if (length < 0)
		return errno == ENOENT ? SIGHT_GONE : SIGHT_NONE;
	link[length] = 0;
	return strcmp(link, wanted) ? SIGHT_GONE : SIGHT_THERE;
}

static bool is_asked_about(const struct process *process, uint32_t id)
{
	const struct ledger_connection *connection = reader_connection(process->reader, id);

	return (connection->state == LEDGER_OPEN || connection->state == LEDGER_CLOSED_UNSEEN) &&
	       connection->transaction != LEDGER_TRANSACTION_LOST &&
	       !(connection->evidence & LEDGER_INHERITED) &&
	       !reader_is_torn(process->reader, LEDGER_CONNECTIONS, id);
}

/* The ledger was read a while ago: what was finished or reset since is not gone unseen. Both
 * change the record before the socket is closed. */
static bool is_unseen(const struct process *process, uint32_t id)
{
	const struct ledger_connection *connection = reader_connection(process->reader, id);
	bool is_marked = connection->state == LEDGER_CLOSED_UNSEEN;

	if (!process->is_running)
		return is_marked;
	switch (socket_see(process->report.pid, connection)) {
	case SIGHT_THERE:
		return false;
	case SIGHT_GONE:
		return is_marked || reader_is_current(process->reader, id);
	default:
		return is_marked;
	}
}

void sockets_look(struct arena *arena, struct process *process)
{
	size_t count = reader_count(process->reader, LEDGER_CONNECTIONS);

	process->is_closed_unseen = arena_array(arena, count + 1, sizeof(bool));
	for (size_t id = 1; id <= count; id++)
		process->is_closed_unseen[id] = is_asked_about(process, (uint32_t)id) &&
						is_unseen(process, (uint32_t)id);
	if (!process->is_running || reader_has_descriptors(process->reader))
		return;
	/* It ended while we looked, and all its descriptors went: then the ledger's word stands. */
	for (size_t id = 1; id <= count; id++)
		process->is_closed_unseen[id] =
			is_asked_about(process, (uint32_t)id) &&
			reader_connection(process->reader, (uint32_t)id)->state ==
				LEDGER_CLOSED_UNSEEN;
}
