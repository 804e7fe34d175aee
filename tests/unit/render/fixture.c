#include "fixture.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define STACK(array) { .frames = array, .count = COUNT(array) }
#define USER(function_, file_, line_)                                                        \
	{ .language = "python", .function = function_, .file = file_, .line = line_,         \
	  .module = "", .build_id = "", .library = "", .is_user = true }
#define HIDDEN(language_, function_, library_)                                               \
	{ .language = language_, .function = function_, .file = "",                           \
	  .module = "/lib/" library_ ".so", .build_id = "00ff", .offset = 4660,                \
	  .library = library_ }

static const struct report_frame engine_frames[] = {
	HIDDEN("c", "PQconnectdb", "libpq"),
	HIDDEN("c", "psyco_connect", "psycopg2"),
	HIDDEN("python", "connect", "sqlalchemy"),
	HIDDEN("python", "_create_connection", "sqlalchemy"),
	USER("handle_request", "app.py", 19),
	USER("<module>", "app.py", 30),
};
static const struct report_frame begin_frames[] = {
	HIDDEN("c", "PQexec", "libpq"),
	USER("start_job", "jobs.py", 12),
};
static const struct report_frame native_frames[] = {
	HIDDEN("c", "PQconnectdb", "libpq"),
	{ .language = "c", .function = "open_one", .file = "/src/forgotten.c", .line = 7,
	  .module = "/bin/forgotten", .build_id = "ab12", .offset = 17, .library = "",
	  .is_user = true },
	{ .language = "c", .function = "", .file = "", .module = "/bin/forgotten",
	  .build_id = "ab12", .offset = 0x12a0, .library = "", .is_user = true },
};
/* The attacker's names. */
static const struct report_frame hostile_frames[] = {
	HIDDEN("c", "PQconnectdb", "libpq"),
	USER("evil\033]0;owned\007", "caf\xe9.py", 1),
};

#define CONNECTION(ending_, transaction_, ended_)                                            \
	.pid = 4127, .backend_pid = 5001, .host = "127.0.0.1", .port = "5432",               \
	.database = "app", .user = "postgres", .application_name = "demo", .sqlstate = "",   \
	.opened_at_ns = 1790000001000000000, .ended_at_ns = ended_, .age_ns = 3 * 1000000000ull, \
	.idle_ns = 200000000, .transaction = transaction_, .ending = ending_, .owner = ""

static const struct report_connection engine_connections[] = {
	{ CONNECTION(ENDING_COLLECTED, "idle", 1790000002000000000), .how = HOW_COLLECTOR,
	  .last_use_at_ns = 1790000001500000000, .last_use = STACK(engine_frames), .pool = 1,
	  .pool_state = POOL_STATE_IDLE },
	{ CONNECTION(ENDING_SHUTDOWN, "idle", 1790000003000000000), .how = HOW_INTERPRETER,
	  .last_use_at_ns = 1790000001500000000, .last_use = STACK(engine_frames), .pool = 2,
	  .is_torn = true },
};
static const struct report_connection stuck_connections[] = {
	{ CONNECTION(ENDING_OPEN, "intrans", 0), .last_use_at_ns = 1790000001500000000,
	  .last_use = STACK(begin_frames), .transaction_begun_at_ns = 1790000001500000000,
	  .transaction_begun = STACK(begin_frames), .pool = 3,
	  .pool_state = POOL_STATE_CHECKED_OUT, .checked_out_since_ns = 1790000001500000000,
	  .held_by = &begin_frames[1] },
};
static const struct report_connection failed_connections[] = {
	{ .pid = 4130, .host = "127.0.0.1", .port = "5432", .database = "nowhere",
	  .user = "postgres", .application_name = "", .sqlstate = "3D000",
	  .opened_at_ns = 1790000001000000000, .transaction = "unknown",
	  .ending = ENDING_FAILED_UNFINISHED, .owner = "Django's connection of thread 812" },
};
static const struct report_connection hostile_connections[] = {
	{ .pid = 4127, .host = "127.0.0.1", .port = "5432", .database = "app", .user = "postgres",
	  .application_name = "\033[2J\xff", .sqlstate = "",
	  .opened_at_ns = 1790000001000000000, .ended_at_ns = 1790000002000000000,
	  .transaction = "idle", .ending = ENDING_COLLECTED, .owner = "" },
};

static const struct report_close engine_closes[] = {
	{ ENDING_COLLECTED, HOW_COLLECTOR, 9, STACK(engine_frames) },
	{ ENDING_COLLECTED, HOW_REFERENCE, 5, STACK(begin_frames) },
	{ ENDING_SHUTDOWN, HOW_INTERPRETER, 6, STACK(begin_frames) },
};

static const struct report_site sites[] = {
	{ .verdict = VERDICT_LEAK,
	  .diagnosis = "each came through a different sqlalchemy QueuePool: "
		       "create_engine runs per call",
	  .cure = "create the engine once and share it", .fingerprint = "0123456789abcdef",
	  .user_line = USER("handle_request", "app.py", 19),
	  .user_source = "session.execute(text(\"select 1\"))",
	  .opened_stack = STACK(engine_frames), .count = 20, .at_fault = 20,
	  .peak_open = 7, .pools = 20,
	  .pool_library = "sqlalchemy", .pool_type = "QueuePool",
	  .endings = { [ENDING_COLLECTED] = 14, [ENDING_SHUTDOWN] = 6 },
	  .idle_min_ns = 200000000, .idle_max_ns = 3100000000,
	  .target = "postgres@127.0.0.1:5432/app", .connections = engine_connections,
	  .connection_count = 2, .closes = engine_closes, .close_count = 3,
	  .collected_how = { [HOW_COLLECTOR] = 9, [HOW_REFERENCE] = 5 },
	  .shutdown_how = { [HOW_INTERPRETER] = 6 } },
	{ .verdict = VERDICT_STUCK, .diagnosis = "begun and never ended", .cure = "commit",
	  .fingerprint = "1123456789abcdef", .user_line = USER("start_job", "jobs.py", 12),
	  .user_source = "session.execute(q)", .opened_stack = STACK(begin_frames), .count = 4,
	  .at_fault = 4,
	  .peak_open = 4, .pools = 1, .pool_library = "sqlalchemy", .pool_type = "QueuePool",
	  .endings = { [ENDING_OPEN] = 4 }, .in_transaction = 4,
	  .target = "postgres@127.0.0.1:5432/app", .connections = stuck_connections,
	  .connection_count = 1 },
	{ .verdict = VERDICT_FAILED, .diagnosis = "a failed connection still needs PQfinish",
	  .cure = "call PQfinish", .fingerprint = "2123456789abcdef",
	  .user_line = USER("open_one", "/src/forgotten.c", 7), .user_source = "",
	  .opened_stack = STACK(native_frames), .count = 3, .at_fault = 3, .peak_open = 3,
	  .pool_library = "",
	  .pool_type = "", .endings = { [ENDING_FAILED_UNFINISHED] = 3 }, .target = "",
	  .connections = failed_connections, .connection_count = 1 },
	{ .verdict = VERDICT_DROPPED, .diagnosis = "forgotten", .cure = "close it",
	  .fingerprint = "3123456789abcdef",
	  .user_line = USER("evil\033]0;owned\007", "caf\xe9.py", 1), .user_source = "",
	  .opened_stack = STACK(hostile_frames), .count = 1, .at_fault = 1, .peak_open = 1,
	  .pool_library = "",
	  .pool_type = "", .endings = { [ENDING_COLLECTED] = 1 },
	  .collected_how = { [HOW_FINALISER] = 1 },
	  .target = "post\033[31mgres@127.0.0.1:5432/app", .connections = hostile_connections,
	  .connection_count = 1 },
	{ .verdict = VERDICT_HELD, .diagnosis = "idle in a pool until shutdown", .cure = "",
	  .fingerprint = "4123456789abcdef", .user_line = USER("connections", "app.py", 24),
	  .user_source = "engine.connect()", .opened_stack = STACK(engine_frames), .count = 1,
	  .at_fault = 1,
	  .peak_open = 1, .pools = 1, .pool_library = "sqlalchemy", .pool_type = "QueuePool",
	  .endings = { [ENDING_SHUTDOWN] = 1 },
	  .shutdown_how = { [HOW_INTERPRETER] = 1 }, .target = "postgres@127.0.0.1:5432/app" },
	{ .verdict = VERDICT_OK, .diagnosis = "", .cure = "", .fingerprint = "5123456789abcdef",
	  .user_line = USER("fine", "app.py", 40), .user_source = "",
	  .opened_stack = STACK(engine_frames), .count = 9, .at_fault = 9, .peak_open = 1,
	  .pool_library = "",
	  .pool_type = "", .endings = { [ENDING_CLOSED] = 9 },
	  .target = "postgres@127.0.0.1:5432/app" },
	{ .verdict = VERDICT_OK, .diagnosis = "", .cure = "", .fingerprint = "6123456789abcdef",
	  .user_line = USER("excused", "app.py", 50), .user_source = "",
	  .opened_stack = STACK(engine_frames), .count = 2, .at_fault = 2, .peak_open = 1,
	  .pool_library = "",
	  .pool_type = "", .endings = { [ENDING_OPEN] = 2 }, .is_suppressed = true,
	  .target = "postgres@127.0.0.1:5432/app" },
};

static const struct report_holder holders[] = {
	{ POOL_STATE_CHECKED_OUT, &begin_frames[1], 3, 2000000000, 14200000000 },
	{ POOL_STATE_CHECKED_OUT, NULL, 1, 1000000000, 1000000000 },
	{ POOL_STATE_UNKNOWN, &engine_frames[4], 1, 7200000000000, 7200000000000 },
};

static const struct report_pool pools[] = {
	{ .number = 3, .library = "sqlalchemy", .type = "QueuePool", .pid = 4127,
	  .target = "postgres@127.0.0.1:5432/app", .opened = 9, .peak_open = 8,
	  .count = { [POOL_STATE_IDLE] = 2, [POOL_STATE_CHECKED_OUT] = 4,
		     [POOL_STATE_UNKNOWN] = 1 },
	  .holders = holders, .holder_count = COUNT(holders) },
	{ .number = 1, .library = "sqlalchemy", .type = "NullPool", .pid = 4127, .target = "",
	  .count = { [POOL_STATE_IDLE] = 1 } },
};

static const struct report_libpq libpqs[] = { { "/lib/libpq.so.5", 150020, { "linked" }, 1 } };

static const enum ledger_language unread[] = { LEDGER_TCL, LEDGER_JAVASCRIPT };

static const struct report_process processes[] = {
	{ .pid = 4127, .parent_pid = 1, .command = "python3 app.py", .ended = "exit",
	  .libpq = libpqs, .libpq_count = 1, .opened = 37, .closed = 9, .collected = 15,
	  .shutdown = 7, .open = 4, .peak_open = 7, .lost_records = 12,
	  .started_at_ns = 1790000000000000000, .ended_at_ns = 1790000009000000000 },
	{ .pid = 4130, .parent_pid = 4127, .command = "forgotten", .ended = "killed",
	  .libpq = libpqs, .libpq_count = 1, .native_only = unread, .native_only_count = 2,
	  .opened = 3, .failed = 3, .peak_open = 3,
	  .started_at_ns = 1790000000000000000 },
};

static const struct report_misuse misuses[] = {
	{ .kind = "inherited finish",
	  .diagnosis = "opened in pid 4127, finished in its child 4130",
	  .cure = "open after the fork",
	  .connection = { CONNECTION(ENDING_CHILD_FINISH, "idle", 1790000002000000000) },
	  .stack_name = { "opened", "misused" },
	  .stack = { STACK(engine_frames), STACK(native_frames) }, .stack_count = 2 },
};

#define RESULT(pid_, kind_, one_, not_done_, verdict_)                                       \
	.pid = pid_, .kind = kind_, .one = one_, .several = one_ "s", .not_done = not_done_,   \
	.verdict = verdict_, .fingerprint = "00000000000000aa", .user_source = "",             \
	.user_line = USER("open_one", "app.py", 7), .last_at_ns = 1790000001000000000

static const struct report_result results[] = {
	{ RESULT(4127, "PGresult", "PGresult", "not cleared", VERDICT_LEAK), .made = 1000,
	  .freed = 788, .open = 212, .peak = 214, .diagnosis = "some path leaves",
	  .cure = "call PQclear", .stack = STACK(native_frames) },
	{ RESULT(4127, "PGcancel", "PGcancel", "not freed", VERDICT_HELD), .made = 1, .open = 1,
	  .peak = 1, .diagnosis = "few", .cure = "", .stack = STACK(engine_frames) },
	{ RESULT(4130, "conninfo", "conninfo array", "not freed", VERDICT_OK), .made = 7,
	  .freed = 7, .peak = 1, .diagnosis = "", .cure = "", .stack = STACK(engine_frames) },
};

struct report fixture_report(void)
{
	return (struct report){
		.reason_detail = "",
		.processes = processes, .process_count = COUNT(processes),
		.sites = sites, .site_count = COUNT(sites),
		.pools = pools, .pool_count = COUNT(pools),
		.misuse = misuses, .misuse_count = COUNT(misuses),
		.verdict_count = { [VERDICT_LEAK] = 1, [VERDICT_STUCK] = 1, [VERDICT_FAILED] = 1,
				   [VERDICT_MISUSE] = 1, [VERDICT_DROPPED] = 1,
				   [VERDICT_HELD] = 1, [VERDICT_OK] = 1 },
		.verdict_connections = { [VERDICT_LEAK] = 20, [VERDICT_STUCK] = 4,
					 [VERDICT_FAILED] = 3, [VERDICT_MISUSE] = 1,
					 [VERDICT_DROPPED] = 1, [VERDICT_HELD] = 1,
					 [VERDICT_OK] = 9 },
		.results = results, .result_count = COUNT(results),
		.result_verdicts = { [VERDICT_LEAK] = 1, [VERDICT_HELD] = 1 },
		.suppressed = 1, .damaged = 2, .is_failing = true, .exit_status = 23,
	};
}

struct report fixture_clean_report(void)
{
	static const struct report_process clean = {
		.pid = 12, .parent_pid = 1, .command = "psql", .ended = "exit",
		.opened = 1, .closed = 1, .peak_open = 1, .started_at_ns = 1790000000000000000,
	};

	return (struct report){
		.reason_detail = "",
		.processes = &clean, .process_count = 1, .sites = &sites[5], .site_count = 1,
		.verdict_count = { [VERDICT_OK] = 1 }, .verdict_connections = { [VERDICT_OK] = 9 },
	};
}

static const struct report_connection held_connections[] = {
	{ CONNECTION(ENDING_OPEN, "idle", 0), .reported_at_ns = 1790000001500000000 },
};
static const struct report_site holding = {
	.verdict = VERDICT_HELD, .diagnosis = "open now", .cure = "",
	.fingerprint = "7123456789abcdef", .user_line = USER("handle_request", "app.py", 19),
	.user_source = "", .opened_stack = STACK(engine_frames), .count = 17, .at_fault = 17,
	.peak_open = 17, .pool_library = "", .pool_type = "",
	.endings = { [ENDING_OPEN] = 17 }, .open_now = 17, .overdue_age = 2,
	.overdue_transaction = 1, .last_opened_at_ns = 1790000001000000000,
	.target = "postgres@127.0.0.1:5432/app", .connections = held_connections,
	.connection_count = 1,
};
static const struct report_process running = {
	.pid = 41, .parent_pid = 1, .command = "python3 app.py", .ended = "running",
	.opened = 17, .open = 17, .peak_open = 17, .started_at_ns = 1790000000000000000,
};
static const struct report_after_all over[] = {
	{ .is_transaction = true, .count = 1, .pid = 41, .backend_pid = 4711,
	  .lasted_ns = 12300000000, .line = USER("start_job", "jobs.py", 12) },
	{ .count = 15, .pid = 41, .line = USER("handle_request", "app.py", 19) },
	{ .count = 1, .pid = 41, .backend_pid = 4712, .lasted_ns = 40000000,
	  .line = { .function = "", .file = "", .language = "", .module = "", .build_id = "",
		    .library = "" } },
};

struct report fixture_limit_report(enum reason reason)
{
	struct report report = {
		.reason = reason, .reason_detail = reason == REASON_EXHAUSTION ? "53300" : "",
		.max_open = 16, .max_age_ns = 60000000000, .max_transaction_ns = 200000000,
		.processes = &running, .process_count = 1,
	};

	if (reason == REASON_AFTER_ALL) {
		report.after_all = over;
		report.after_all_count = COUNT(over);
		return report;
	}
	report.open_now = 17;
	report.overdue_age = 2;
	report.overdue_transaction = 1;
	report.refused = (struct report_stack)STACK(native_frames);
	report.sites = &holding;
	report.site_count = 1;
	report.verdict_count[VERDICT_HELD] = 1;
	report.verdict_connections[VERDICT_HELD] = 17;
	return report;
}
