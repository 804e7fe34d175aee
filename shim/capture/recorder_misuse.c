/* Calls that break libpq's rules: on a handle that was finished, on one that never was one,
 * and on a connection that belongs to the process's parent.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/guard.h"
#include "base/text.h"
#include "capture/attempt.h"
#include "capture/recorder_state.h"
#include "capture/shape.h"
#include "capture/thread.h"
#include "ledger/records.h"

/* Files it; true when it is the first of its kind and stack. */
static bool misuse_add_locked(struct ledger_misuse *misuse)
{
	uint64_t used = recorder.ledger.header->section[LEDGER_MISUSES].used;

	misuse->at_ns = clock_monotonic_ns();
	misuse->count = 1;
	misuse->thread = thread_id();
	ledger_add_misuse(&recorder.ledger, misuse);
	return recorder.ledger.header->section[LEDGER_MISUSES].used > used;
}

/* What is on record of a finished connection: all, while its slot is not used again. */
static struct ledger_connection story_of_locked(const struct finished *finished)
{
	const struct ledger *ledger = &recorder.ledger;
	const struct ledger_connection *slot =
		finished->id ? ledger_record(ledger, LEDGER_CONNECTIONS, finished->id) : NULL;
	const struct ledger_site *site =
		finished->site ? ledger_record(ledger, LEDGER_SITES, finished->site) : NULL;

	if (slot && slot->state == LEDGER_ENDED && slot->handle == (uintptr_t)finished->handle)
		return *slot;
	return (struct ledger_connection){
		.state = LEDGER_ENDED,
		.handle = (uintptr_t)finished->handle,
		.opened_stack = site ? site->opened_stack : 0,
		.site = finished->site,
		.closed_stack = finished->closed_stack,
		.backend_pid = finished->backend_pid,
		.owner_pid = finished->owner_pid,
	};
}

bool recorder_is_finished(const PGconn *conn)
{
	if (recorder_is_interrupted())
		return false;
	struct guard guard = guard_begin();

	recorder_lock();
	bool is_finished = finished_find(&recorder.finished, conn);

	recorder_unlock();
	guard_end(&guard);
	return is_finished;
}

static enum ledger_misuse_kind kind_of(const struct libpq *libpq, enum libpq_call call,
				       const PGconn *conn)
{
	if (recorder_is_finished(conn))
		return call == CALL_PQfinish ? LEDGER_MISUSE_DOUBLE_FINISH :
					       LEDGER_MISUSE_USE_AFTER_FINISH;
	return call == CALL_PQfinish && shape_is_foreign(libpq, conn) ?
		       LEDGER_MISUSE_UNKNOWN_FINISH : LEDGER_MISUSE_NONE;
}

static bool stranger_add_locked(enum ledger_misuse_kind kind, const PGconn *conn, uint32_t stack)
{
	/* Looked for again: in a child that just began its ledger the old ids are void. */
	const struct finished *finished = finished_find(&recorder.finished, conn);
	struct ledger_misuse misuse = { .kind = kind, .stack = stack };

	if (finished) {
		misuse.connection = story_of_locked(finished);
		misuse.other_stack = finished->before;
	} else {
		misuse.connection.handle = (uintptr_t)conn;
	}
	return misuse_add_locked(&misuse);
}

bool recorder_strange(struct libpq *libpq, enum libpq_call call, const PGconn *conn,
		      uintptr_t return_address)
{
	bool is_new = false;

	if (!conn || conn == attempt.finishing || !libpq->is_complete || !recorder_may_record() ||
	    recorder_is_interrupted())
		return false;
	struct guard guard = guard_begin();
	enum ledger_misuse_kind kind = kind_of(libpq, call, conn);

	if (kind && recorder_is_on()) {
		uint32_t stack = recorder_stack_id(libpq, call, return_address);

		recorder_lock();
		is_new = stranger_add_locked(kind, conn, stack);
		recorder_unlock();
	}
	guard_end(&guard);
	return is_new;
}

/* A zombie answers signals. */
static bool is_zombie(pid_t pid)
{
	char bytes[512];
	struct text path;
	char name[32];

	text_init(&path, name, sizeof(name));
	text_format(&path, "/proc/%d/stat", pid);
	int fd = open(name, O_RDONLY | O_CLOEXEC);
	ssize_t length = fd < 0 ? -1 : read(fd, bytes, sizeof(bytes) - 1);

	if (fd >= 0)
		close(fd);
	bytes[length > 0 ? length : 0] = 0;
	const char *end = strrchr(bytes, ')');

	return end && (!strncmp(end, ") Z", 3) || !strncmp(end, ") X", 3));
}

static bool owner_is_gone(pid_t owner)
{
	if (getppid() == owner)
		return false;
	return (kill(owner, 0) && errno == ESRCH) || is_zombie(owner);
}

/* Who daemonizes leaves its connections to the child, and is not there to lose them. */
static void inherited_add_locked(enum ledger_misuse_kind kind, struct connection *connection,
				 uint32_t stack)
{
	bool is_end = kind == LEDGER_MISUSE_INHERITED_FINISH;

	connection->is_left = connection->is_left || owner_is_gone(connection->inherited.owner_pid);
	misuse_add_locked(&(struct ledger_misuse){
		.kind = kind,
		.stack = stack,
		.connection = {
			.state = is_end ? LEDGER_ENDED : LEDGER_OPEN,
			.evidence = LEDGER_INHERITED |
				    (connection->is_left ? LEDGER_OWNER_GONE : 0),
			.handle = (uintptr_t)connection->handle,
			.transaction = connection->transaction,
			.uses = connection->inherited.owner_uses,
			.closed_stack = is_end ? stack : 0,
			.backend_pid = connection->inherited.backend_pid,
			.owner_pid = connection->inherited.owner_pid,
		},
	});
}

void inherited_finish_locked(struct connection *connection, uint32_t stack)
{
	inherited_add_locked(LEDGER_MISUSE_INHERITED_FINISH, connection, stack);
}

/* The connection when it is not this process's own, or NULL. */
static struct connection *inherited_find_locked(const PGconn *conn)
{
	struct connection *connection = registry_find(&recorder.registry, conn);

	return connection && connection->is_inherited ? connection : NULL;
}

static bool is_worth_a_stack(const PGconn *conn)
{
	recorder_lock();
	const struct connection *connection = inherited_find_locked(conn);
	bool is_worth = connection && !connection->is_left;

	recorder_unlock();
	return is_worth;
}

void recorder_used_inherited(const PGconn *conn, struct libpq *libpq, enum libpq_call call,
			     uintptr_t return_address)
{
	if (!(recorder.options->track & TRACK_USES) || !is_worth_a_stack(conn))
		return;
	uint32_t stack = recorder_stack_id(libpq, call, return_address);

	recorder_lock();
	struct connection *connection = inherited_find_locked(conn);

	if (connection)
		inherited_add_locked(LEDGER_MISUSE_INHERITED_USE, connection, stack);
	recorder_unlock();
}

bool recorder_finishes_inherited(const PGconn *conn, struct libpq *libpq,
				 enum libpq_call call, uintptr_t return_address)
{
	uint32_t stack = recorder_stack_id(libpq, call, return_address);
	struct connection connection;

	recorder_lock();
	bool is_inherited = inherited_find_locked(conn) &&
			    registry_remove(&recorder.registry, conn, &connection);

	if (is_inherited)
		inherited_finish_locked(&connection, stack);
	recorder_unlock();
	return is_inherited;
}
