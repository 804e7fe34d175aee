#include "capture/recorder_state.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/guard.h"
#include "capture/notice.h"
#include "capture/trail.h"
#include "capture/visit.h"
#include "ledger/records.h"

void recorder_init(const struct options *options, recorder_started *started)
{
	recorder.options = options;
	recorder.started = started;
	recorder_tracks_results = options->is_enabled && options->track & TRACK_RESULTS;
	__atomic_store_n(&recorder.state, options->is_enabled ? RECORDER_WAITING : RECORDER_OFF,
			 __ATOMIC_RELEASE);
	if (options->is_enabled)
		recorder_lock_init();
}

static bool program_is_wanted(const char *executable)
{
	const struct options *options = recorder.options;
	const char *slash = strrchr(executable, '/');
	const char *name = slash ? slash + 1 : executable;

	if (option_list_has(options->skip, name) ||
	    option_list_has(options->skip, program_invocation_short_name))
		return false;
	return !*options->only || option_list_has(options->only, name) ||
	       option_list_has(options->only, program_invocation_short_name);
}

/* The ledger is still the parent's, who may go on writing it. */
static void connection_disown(struct connection *connection)
{
	const struct ledger_connection *record = connection->record;

	/* The grandparent's is as it was. */
	if (connection->is_inherited)
		return;
	connection->is_inherited = true;
	connection->inherited.owner_pid = recorder.ledger.header->pid;
	connection->inherited.backend_pid = record ? record->backend_pid : 0;
	connection->inherited.owner_uses =
		record ? __atomic_load_n(&record->uses, __ATOMIC_RELAXED) : 0;
	connection->record = NULL;
	connection->trail = NULL;
}

static bool recorder_begin_locked(void)
{
	char executable[512], command[512];
	bool is_first = recorder.state == RECORDER_WAITING;

	process_executable(executable, sizeof(executable));
	if (is_first && !program_is_wanted(executable)) {
		recorder.state = RECORDER_OFF;
		return false;
	}
	if (!is_first) {
		/* A forked child: the ledger mapped here is its parent's. */
		registry_each(&recorder.registry, connection_disown);
		finished_disown(&recorder.finished);
		ledger_forget(&recorder.ledger);
		depot_forget(&recorder.depot);
		trails_forget();
		visits_forget();
		handouts_finish(&recorder.handouts);
	}
	process_command(command, sizeof(command));
	/* The registry before the ledger, which takes a share of what memory is left. */
	if (process_mark() || registry_reserve(&recorder.registry, NULL) ||
	    ledger_open(&recorder.ledger, recorder.options->dir, recorder.options->ledger_max,
			command, executable)) {
		recorder.state = RECORDER_OFF;
		notice_say(NOTICE_NO_MEMORY, executable, ENOMEM);
		return false;
	}
	if (recorder.options->track & TRACK_USES)
		recorder.ledger.header->flags |= LEDGER_TRACKS_USES;
	__atomic_store_n(&recorder.state, RECORDER_ON, __ATOMIC_RELEASE);
	return true;
}

static enum recorder_state state_read(void)
{
	if (__atomic_load_n(&recorder.state, __ATOMIC_ACQUIRE) == RECORDER_UNREAD)
		recorder_load();
	return __atomic_load_n(&recorder.state, __ATOMIC_ACQUIRE);
}

bool recorder_may_record(void)
{
	return state_read() > RECORDER_OFF;
}

bool recorder_clears_deepbind(void)
{
	enum recorder_state state = state_read();
	char executable[512];

	if (state <= RECORDER_OFF || recorder.options->is_deepbind_kept)
		return false;
	if (state == RECORDER_ON)
		return true;
	process_executable(executable, sizeof(executable));
	return program_is_wanted(executable);
}

/* Is there a record to write to? Begins one where there is none. */
bool recorder_is_on(void)
{
	enum recorder_state state = state_read();
	bool is_begun = false;

	if (state <= RECORDER_OFF || recorder_is_interrupted())
		return false;
	if (state == RECORDER_ON && process_is_marked())
		return true;
	recorder_lock();
	if (recorder.state != RECORDER_ON || !process_is_marked())
		is_begun = recorder_begin_locked();
	state = recorder.state;
	recorder_unlock();
	if (is_begun)
		recorder.started(&recorder.ledger);
	return state == RECORDER_ON;
}

uint32_t text_add_locked(const char *text)
{
	return ledger_add_string(&recorder.ledger, text, strlen(text));
}

/* The connection, when it is this process's own. */
struct connection *own_find_locked(const PGconn *conn)
{
	struct connection *connection = registry_find(&recorder.registry, conn);

	return connection && !connection->is_inherited ? connection : NULL;
}

/* Who changes the table was stopped in the middle of it. */
static struct connection *find_under_lock(const PGconn *conn)
{
	struct guard guard = guard_begin();

	recorder_lock();
	struct connection *connection = registry_find(&recorder.registry, conn);

	recorder_unlock();
	guard_end(&guard);
	return connection;
}

/* It was not found, or missed. */
static __attribute__((noinline)) struct connection *find_again(const PGconn *conn)
{
	struct connection *connection;

	if (handles_look(&recorder.registry.handles, conn, &connection))
		return connection;
	return recorder_is_interrupted() ? NULL : find_under_lock(conn);
}

struct connection *recorder_find(const PGconn *conn)
{
	if (!conn || __atomic_load_n(&recorder.state, __ATOMIC_ACQUIRE) != RECORDER_ON)
		return NULL;
	struct connection *connection = handles_find(&recorder.registry.handles, conn);

	return connection ? connection : find_again(conn);
}

struct libpq *recorder_libpq(const PGconn *conn)
{
	const struct connection *connection = recorder_find(conn);

	return connection ? connection->libpq : NULL;
}

bool recorder_is_clean(void)
{
	const struct ledger *ledger = recorder_ledger();

	if (!ledger || ledger->header->open || recorder.has_doubtful_end ||
	    recorder.has_reported ||
	    recorder.handouts.count ||
	    ledger->header->section[LEDGER_MISUSES].used)
		return false;
	for (int i = 0; i < LEDGER_SECTION_COUNT; i++) {
		if (ledger->header->section[i].lost)
			return false;
	}
	return true;
}

void recorder_exiting(void)
{
	__atomic_store_n(&recorder.is_exiting, true, __ATOMIC_RELAXED);
}

struct ledger *recorder_ledger(void)
{
	struct ledger *ledger = &recorder.ledger;

	if (!recorder_ledger_is_own() || !ledger->header || ledger->header->pid != getpid())
		return NULL;
	return ledger;
}
