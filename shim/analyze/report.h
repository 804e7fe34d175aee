/* What the report says, before it has a format: the one structure that analyze
 * fills and render prints. Names and meanings are those of the JSON report
 * (pqleak-report/1). Everything lives until report_free; strings are never NULL
 * unless said.
 */
#ifndef ANALYZE_REPORT_H
#define ANALYZE_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/reason.h"
#include "ledger/layout.h"

#include "analyze/loaded.h"

enum verdict { /* in the order of the text report */
	VERDICT_LEAK,
	VERDICT_STUCK,
	VERDICT_FAILED,
	VERDICT_MISUSE,
	VERDICT_DROPPED,
	VERDICT_HELD,
	VERDICT_OK,
	VERDICT_COUNT
};

enum ending {
	ENDING_CLOSED,
	ENDING_COLLECTED,
	ENDING_SHUTDOWN,
	ENDING_OPEN,               /* at exit, or now when the process runs */
	ENDING_ABANDONED,
	ENDING_FAILED_UNFINISHED,
	ENDING_CHILD_FINISH,
	ENDING_CLOSED_UNSEEN,      /* not finished, but its socket is gone */
	ENDING_COUNT
};

enum pool_state { /* of a connection that came through a pool */
	POOL_STATE_NONE, /* through none, or it was closed */
	POOL_STATE_UNKNOWN,
	POOL_STATE_IDLE,
	POOL_STATE_CHECKED_OUT,
	POOL_STATE_COUNT
};

enum how { /* a connection came to its ending */
#define HOW(name, json_name, words) HOW_##name,
#include "analyze/hows.def"
#undef HOW
	HOW_COUNT
};

enum trend { /* of the number of open connections */
	TREND_UNKNOWN,        /* too little to say */
	TREND_LEVEL,          /* rose to what it is, then stayed */
	TREND_COMES_AND_GOES,
	TREND_RISES           /* to the end */
};

/* "leak", "failed_unfinished", "cyclic collector", "comes and goes": as in JSON. */
const char *verdict_name(enum verdict verdict);
const char *ending_name(enum ending ending);
const char *how_name(enum how how);
const char *trend_name(enum trend trend);

/* "idle", "checked out", "unknown"; NULL for none. */
const char *pool_state_name(enum pool_state state);

/* "by the garbage collector": what stands behind a count. */
const char *how_words(enum how how);

struct report_frame {
	const char *language; /* "c", "python", ... */
	const char *function; /* "" unknown */
	const char *file;     /* "" unknown */
	uint32_t line;        /* 0 unknown */
	const char *module;   /* path; "" for language frames */
	const char *build_id; /* hex; "" none */
	uint64_t offset;
	const char *library;  /* "sqlalchemy", "libpq", "python"; "" for the program's own */
	bool is_user;
};

struct report_stack {
	const struct report_frame *frames; /* innermost first */
	size_t count;
	bool is_truncated;
};

struct report_libpq {
	const char *path;
	int version; /* 150020; 0 unknown */
	const char *loaded[LOADED_WORDS_MAX]; /* how it came into the process: loaded.h */
	size_t loaded_count;
};

struct report_process {
	int pid, parent_pid;
	const char *command;
	const char *ended; /* "exit", "_exit", "exec", "signal", "killed", "running" */
	const struct report_libpq *libpq;
	size_t libpq_count;
	/* Languages whose interpreters are in its stacks, while their frames are not. */
	const enum ledger_language *native_only;
	size_t native_only_count;
	uint64_t opened, closed, collected, shutdown, open, abandoned, failed, peak_open;
	uint64_t closed_unseen;
	uint64_t lost_records, torn_records;
	uint64_t ended_at_ns, started_at_ns;
};

struct report_connection {
	int pid, backend_pid;
	const char *host, *port, *database, *user, *application_name, *sqlstate;
	uint64_t opened_at_ns;         /* CLOCK_REALTIME */
	uint64_t ended_at_ns;          /* 0 open */
	uint64_t age_ns, idle_ns;      /* until its end, or the process's, or now */
	const char *transaction;       /* "idle", "active", "intrans", "inerror", "unknown" */
	enum ending ending;
	enum how how;                  /* of a finished one */
	uint64_t last_use_at_ns;       /* 0 never */
	struct report_stack last_use;
	uint64_t uses;
	int last_use_thread;           /* tid; 0 never */
	uint64_t transaction_begun_at_ns; /* 0 none */
	struct report_stack transaction_begun;
	uint64_t transactions;            /* begun so far */
	uint64_t longest_transaction_ns;  /* of those that ended */
	struct report_stack longest_transaction; /* what began it; no frames: none ended */
	uint64_t pool;                 /* tells pools apart; 0 none */
	enum pool_state pool_state;
	uint64_t checked_out_since_ns; /* at least since then; 0 not checked out */
	/* The program's line that used it last, else that took it; NULL not known, or idle. */
	const struct report_frame *held_by;
	const char *owner; /* "Django's connection of thread 812", where no pool is; "" none */
	uint64_t reported_at_ns;       /* in a report about a limit; 0 never */
	bool is_torn;
};

/* One line of the program that has connections of a pool, or used them last. */
struct report_holder {
	enum pool_state state; /* CHECKED_OUT, or UNKNOWN: used last by this line */
	const struct report_frame *by; /* NULL not known */
	uint64_t count;
	uint64_t min_ns, max_ns; /* for how long they are checked out; since the last use */
};

/* One pool of one process: what it has open now, or had when the process ended. */
struct report_pool {
	uint64_t number;  /* as in its connections; 0: pools that connect out of sight, together */
	const char *library, *type;
	const char *target; /* "user@host:port/database", of the first that connected */
	int pid;
	bool is_running;
	uint64_t opened, peak_open; /* 0 unknown */
	uint64_t count[POOL_STATE_COUNT]; /* of those that were open; NONE is 0 */
	const struct report_holder *holders; /* checked out first, most first */
	size_t holder_count;
};

struct report_close {
	enum ending ending;
	enum how how;
	uint64_t count;
	struct report_stack stack;
};

struct report_site {
	enum verdict verdict;
	const char *diagnosis; /* the cause, one sentence; "" when ok */
	const char *cure;      /* what to change; "" when nothing is */
	const char *fingerprint; /* 16 hex digits, the same in every run of the same program */
	struct report_frame user_line;
	const char *user_source; /* the line's text, trimmed; "" unknown */
	struct report_stack opened_stack; /* of the first connection */
	uint64_t count, peak_open, pools;
	uint64_t at_fault;        /* of `count`: those that make the verdict */
	const char *pool_library; /* "" none */
	const char *pool_type;    /* "" none */
	uint64_t endings[ENDING_COUNT];
	uint64_t collected_how[HOW_COUNT], shutdown_how[HOW_COUNT]; /* of these endings */
	uint64_t open;            /* not finished: at the end, or now */
	enum trend trend;         /* of the process that tells most */
	const char *growth; /* "4 open after 10 s, ...", NULL where it does not rise */
	/* Open ones in steps from `history_from_ns` (CLOCK_REALTIME) on; none when unknown. */
	const struct ledger_history_point *history;
	size_t history_count;
	uint64_t history_from_ns, history_step_ns;
	uint64_t lifetimes[LEDGER_LIFETIME_COUNT]; /* of finished ones that had connected */
	uint64_t open_now;        /* in processes that run, failed ones left out */
	uint64_t overdue_age, overdue_transaction; /* of these, those beyond a limit */
	uint64_t last_opened_at_ns;
	uint64_t in_transaction;  /* not closed by the program: ended, or stand, in a transaction */
	uint64_t idle_min_ns, idle_max_ns; /* last use to end; both 0 when unknown */
	const char *target; /* "user@host:port/database", of the first that connected */
	const struct report_connection *connections; /* those still on record, oldest first */
	size_t connection_count;
	const struct report_close *closes; /* most frequent first */
	size_t close_count;
	bool is_suppressed;
};

/* The language that called, where the stack has its interpreter and no frames of any
 * language, nor of the program's own; LEDGER_NATIVE else. *ret_library, when it is one: what
 * it called, "" unknown. */
enum ledger_language report_stack_caller(const struct report_stack *stack,
					 const char **ret_library);

/* A module whose frames have no names. */
struct report_nameless {
	const char *module, *problem; /* "the file has another build-id" */
};

enum { MISUSE_STACKS_MAX = 5 };

struct report_misuse {
	const char *kind; /* "inherited finish", ... */
	const char *diagnosis, *cure;
	uint64_t count; /* how often, in this process */
	int thread;     /* tid of the first; 0 unknown */
	int other_thread; /* of two at once, who was inside already; else 0 */
	struct report_connection connection;
	/* "opened", "finished", "misused"; "parent" or "sibling": what that one did with it; and
	 * "before": what finished the connection that had its address before;
	 * "other": what the other thread was in. */
	const char *stack_name[MISUSE_STACKS_MAX];
	struct report_stack stack[MISUSE_STACKS_MAX];
	size_t stack_count;
};

/* What libpq handed out at one line of one process, and what came back of it. */
struct report_result {
	int pid;
	const char *kind;     /* "PGresult", "PGcancel", "PGcancelConn", "conninfo" */
	const char *one, *several, *not_done; /* "PGresult", "PGresults", "not cleared" */
	enum verdict verdict; /* LEAK, HELD, OK */
	const char *diagnosis, *cure;
	const char *fingerprint;
	struct report_frame user_line;
	const char *user_source;   /* "" unknown */
	struct report_stack stack; /* where libpq handed out the first */
	uint64_t made, freed, open, peak;
	uint64_t rising;           /* of the open ones, those of stacks where ever more were open */
	uint64_t first_at_ns, last_at_ns; /* CLOCK_REALTIME, made */
	bool is_suppressed;
};

/* Reported while the process ran, and over since. */
struct report_after_all {
	bool is_transaction; /* of the connections, else the connections themselves */
	uint64_t count;
	int pid;
	int backend_pid;      /* 0 of several */
	uint64_t lasted_ns;   /* 0 of several */
	struct report_frame line; /* the program's own, that opened or began it; "" unknown */
};

struct report {
	enum reason reason;
	const char *reason_detail;   /* EXHAUSTION: the SQLSTATE, "" unknown */
	uint64_t max_open, max_age_ns, max_transaction_ns; /* the limits; 0 none */
	uint64_t open_now;           /* of all sites, as are the next two */
	uint64_t overdue_age, overdue_transaction;
	struct report_stack refused; /* EXHAUSTION: what asked for the refused connect */
	const struct report_after_all *after_all;
	size_t after_all_count;
	const struct report_process *processes;
	size_t process_count;
	const struct report_site *sites; /* by verdict, then count, biggest first */
	size_t site_count;
	const struct report_pool *pools; /* those that have most checked out first */
	size_t pool_count;
	const struct report_misuse *misuse;
	size_t misuse_count;
	const struct report_result *results; /* by verdict, then open, most first */
	size_t result_count;
	const struct report_nameless *nameless;
	size_t nameless_count;
	uint64_t verdict_count[VERDICT_COUNT];            /* sites; misuse counts its entries */
	uint64_t verdict_connections[VERDICT_COUNT];
	uint64_t result_verdicts[VERDICT_COUNT]; /* of results, suppressed ones left out */
	uint64_t suppressed;  /* sites */
	uint64_t damaged;     /* records torn or out of bounds */
	bool is_failing;      /* some verdict is in fail_on, and not suppressed */
	int exit_status;      /* filled by the command: what it will exit with */
	bool is_verbose;
};

void report_free(struct report *report);

#endif
