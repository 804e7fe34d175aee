/* The ledger: one process's record of its connections, THE contract between the
 * shim that writes it and the companion that reads it, also while the process
 * runs and after a SIGKILL.
 *
 *	+--------------------+ 0
 *	| struct ledger_header, with the section table
 *	+--------------------+ section[LEDGER_STRINGS].offset
 *	| struct ledger_string, text, 0, padding to 8 bytes ...
 *	+--------------------+ section[LEDGER_MODULES].offset
 *	| struct ledger_module ...                          append only
 *	| struct ledger_frame ...                           append only
 *	| struct ledger_stack, frame ids ...                append only
 *	| struct ledger_pool ...                            appended, then updated
 *	| struct ledger_site ...                            appended, then updated
 *	| struct ledger_connection ...                      slots, reused
 *	| struct ledger_ending ...                          appended, then updated
 *	| struct ledger_misuse ...                          append only
 *	| struct ledger_result ...                          appended, then updated
 *	+--------------------+ file_size, sparse: only touched blocks are on disk
 *
 * Ids. A record of fixed size is known by its index + 1 in its section; a
 * string and a stack by (byte offset in the section) / 8 + 1. Zero means none.
 *
 * Whole or torn. Append-only bytes are complete before `used` covers them
 * (store-release; read it with load-acquire, before the bytes). A record that
 * is updated begins with `sequence`: odd while the writer is inside, and bumped
 * by two per update. A reader copies it between two equal even readings; one
 * that stays odd in a process that is gone is torn.
 *
 * Integers are the host's own (`byte_order` tells); a ledger is read on the
 * machine that wrote it. Every id, offset and length is untrusted input.
 */
#ifndef LEDGER_LAYOUT_H
#define LEDGER_LAYOUT_H

#include <assert.h>
#include <stdint.h>

#define LEDGER_MAGIC "pqleak\r\n"
#define LEDGER_VERSION 2u
#define LEDGER_BYTE_ORDER 0x01020304u
#define LEDGER_SUFFIX ".ledger" /* file name: PID-RANDOM.ledger, RANDOM 16 hex digits */

enum ledger_section_kind {
	LEDGER_STRINGS,
	LEDGER_MODULES,
	LEDGER_FRAMES,
	LEDGER_STACKS,
	LEDGER_POOLS,
	LEDGER_SITES,
	LEDGER_CONNECTIONS,
	LEDGER_ENDINGS,
	LEDGER_MISUSES,
	LEDGER_RESULTS,
	LEDGER_SECTION_COUNT
};

struct ledger_section {
	uint64_t offset;      /* from the start of the file, a multiple of 4096 */
	uint64_t capacity;    /* bytes */
	uint64_t used;        /* bytes; published last */
	uint64_t lost;        /* records that did not fit */
	uint32_t record_size; /* bytes; 8 for strings and stacks */
	uint32_t reserved;
};
static_assert(sizeof(struct ledger_section) == 40, "layout is part of the file format");

/* How the process ended, as far as the shim saw it. A ledger that says RUNNING
 * while its process (pid and process_start_ticks) is gone was killed. */
enum ledger_process_end {
	LEDGER_PROCESS_RUNNING,
	LEDGER_PROCESS_EXIT,        /* exit(), or return from main */
	LEDGER_PROCESS_QUICK_EXIT,  /* quick_exit() */
	LEDGER_PROCESS_UNDERSCORE_EXIT, /* _exit(), _Exit() */
	LEDGER_PROCESS_EXEC         /* execve(): the pid goes on with another program */
};

struct ledger_header {
	char magic[8];
	uint32_t byte_order;
	uint32_t version;             /* a reader refuses a newer one */
	uint32_t header_size;         /* bytes of this struct as written */
	uint32_t section_count;
	uint64_t file_size;           /* bytes */
	int32_t pid;
	int32_t parent_pid;
	uint64_t process_start_ticks; /* field 22 of /proc/PID/stat: tells a reused pid */
	uint64_t started_at_ns;       /* CLOCK_MONOTONIC, of this ledger, as all ..._at_ns */
	uint64_t started_at_realtime_ns; /* CLOCK_REALTIME at the same moment */
	uint32_t uid;
	uint32_t ended;               /* enum ledger_process_end */
	uint64_t ended_at_ns;         /* 0 while running */
	uint32_t command;             /* string: program and script, never other arguments */
	uint32_t executable;          /* string: path of the main program */
	uint32_t unread_languages;    /* 1 << enum ledger_language: interpreters that were loaded,
				       * and whose frames are not read */
	uint32_t flags;               /* enum ledger_header_flag */
	/* Counters over the process's life, each updated on its own. */
	uint64_t opened;              /* creators that returned non-NULL, failed ones included */
	uint64_t finished;            /* of these, PQfinish was called */
	uint64_t failed;              /* of these, the connect failed */
	uint64_t open;                /* not finished now, failed ones included */
	uint64_t peak_open;
	uint64_t torn_records;        /* given up because a capture failed half way */
	struct ledger_section section[LEDGER_SECTION_COUNT];
};
static_assert(sizeof(struct ledger_header) == 144 + 40 * LEDGER_SECTION_COUNT,
	      "layout is part of the file format");

enum ledger_header_flag {
	LEDGER_REPORTED = 1u << 0,      /* a final report was delivered from this ledger */
	LEDGER_INCOMPLETE = 1u << 1,    /* could not grow: the process went on in private memory */
	LEDGER_TRACKS_USES = 1u << 2    /* a connection without a last use was not used */
};

/* String: `length` bytes follow, then a 0, then padding to a multiple of 8. */
struct ledger_string {
	uint32_t length;
	uint32_t hash;
};
static_assert(sizeof(struct ledger_string) == 8, "layout is part of the file format");

enum { LEDGER_BUILD_ID_MAX = 32 };

/* One loaded object at one place. An object loaded twice is two modules. */
struct ledger_module {
	uint64_t bias;            /* added to the object's own addresses (ELF p_vaddr) */
	uint64_t start, end;      /* addresses it covers in memory */
	uint32_t path;            /* string; the main program's by /proc/self/exe */
	uint32_t build_id_length; /* bytes; 0 when it has none */
	uint8_t build_id[LEDGER_BUILD_ID_MAX];
	uint32_t flags;           /* enum ledger_module_flag */
	int32_t libpq_version;    /* as PQlibVersion(), e.g. 150020; 0 when this is no libpq */
};
static_assert(sizeof(struct ledger_module) == 72, "layout is part of the file format");

enum ledger_module_flag {
	LEDGER_MODULE_MAIN = 1u << 0,  /* the main program */
	LEDGER_MODULE_LIBPQ = 1u << 1, /* an instance of libpq that calls went to */
	/* How that libpq came into the process: */
	LEDGER_MODULE_LINKED = 1u << 2,    /* loaded with the program, before any dlopen */
	LEDGER_MODULE_GLOBAL = 1u << 3,    /* in the global scope; else RTLD_LOCAL */
	LEDGER_MODULE_DEEPBOUND = 1u << 4, /* RTLD_DEEPBIND was asked for, and cleared */
	LEDGER_MODULE_DLSYM = 1u << 5      /* its functions were asked for by dlsym */
};

enum ledger_language {
	LEDGER_NATIVE,
	LEDGER_PYTHON,
	LEDGER_RUBY,
	LEDGER_PERL,
	LEDGER_PHP,
	LEDGER_LUA,
	LEDGER_TCL,
	LEDGER_R,
	LEDGER_JAVASCRIPT,
	LEDGER_LANGUAGE_COUNT
};

enum ledger_frame_flag {
	/* The wrapped call itself, e.g. PQconnectdb: always the innermost frame.
	 * `function` is its name, `module` and `offset` the real function. */
	LEDGER_FRAME_CALL = 1u << 0,
	/* `offset` is a return address: look up `offset` - 1. */
	LEDGER_FRAME_RETURN = 1u << 1,
	/* A pool's own frame, whose `self` gave the connection its pool. */
	LEDGER_FRAME_POOL = 1u << 2
};

struct ledger_frame {
	uint64_t offset;    /* native: address less the module's bias */
	uint32_t module;    /* native: module id, 0 when no object covered the address */
	uint32_t function;  /* language: string, the qualified name; native: CALL only */
	uint32_t file;      /* language: string, the path as the language has it */
	uint32_t line;      /* language: 0 when unknown */
	uint16_t language;  /* enum ledger_language */
	uint16_t flags;     /* enum ledger_frame_flag */
	uint32_t reserved;
};
static_assert(sizeof(struct ledger_frame) == 32, "layout is part of the file format");

enum ledger_stack_flag {
	LEDGER_STACK_TRUNCATED = 1u << 0 /* deeper than `depth` allowed */
};

/* Stack: `frame_count` frame ids (uint32_t) follow, innermost first, padded to 8. */
struct ledger_stack {
	uint32_t hash;
	uint16_t frame_count;
	uint16_t flags; /* enum ledger_stack_flag */
};
static_assert(sizeof(struct ledger_stack) == 8, "layout is part of the file format");

/* In a pool's generation: all its connections are gone, the last by collection, so
 * that the object is gone too. The next pool at its address is another one. */
#define LEDGER_POOL_GONE 0x80000000u

/* One pool object of a language. */
struct ledger_pool {
	uint32_t sequence;
	uint32_t type;      /* string, e.g. "QueuePool" */
	uint32_t library;   /* string, e.g. "sqlalchemy" */
	uint32_t generation; /* pools that had this address before; LEDGER_POOL_GONE may be set */
	uint64_t address;   /* identity only */
	uint64_t opened;
	uint64_t open;
	uint64_t peak_open;
};
static_assert(sizeof(struct ledger_pool) == 48, "layout is part of the file format");

enum { LEDGER_LIFETIME_COUNT = 10, LEDGER_HISTORY_MAX = 32 };

/* Bounds of a site's lifetimes in ns: lifetimes[i] counts those below bound i, and not below
 * the one before it; the last counts the rest. */
#define LEDGER_LIFETIME_BOUNDS                                                          \
	{ 1000000ull, 10000000ull, 100000000ull, 1000000000ull, 10000000000ull,         \
	  60000000000ull, 600000000000ull, 3600000000000ull, 86400000000000ull }

/* How many connections were open, at least and at most, in one step of time. */
struct ledger_history_point {
	uint32_t open_min, open_max;
};
static_assert(sizeof(struct ledger_history_point) == 8, "layout is part of the file format");

/* One opening stack. */
struct ledger_site {
	uint32_t sequence;
	uint32_t opened_stack;      /* 0: the site of everything that found no room */
	uint64_t first_opened_at_ns;
	uint64_t last_opened_at_ns;
	uint64_t opened;
	uint64_t finished;
	uint64_t failed;            /* of the opened ones */
	uint64_t open;              /* failed and unfinished ones included */
	uint64_t peak_open;
	uint64_t last_changed_at_ns; /* opened or finished: since then `open` are open */
	uint64_t transactions;      /* begun on connections that were finished since */
	uint64_t transaction_max_ns; /* the longest of these that ended */
	uint32_t transaction_max_stack; /* what began it */
	/* Steps of equal length from first_opened_at_ns on, as far as something changed.
	 * When all are taken two become one, and the step twice as long. */
	uint32_t history_count;
	uint64_t history_step_ns;
	uint64_t lifetimes[LEDGER_LIFETIME_COUNT]; /* of the finished ones, failed ones left out */
	struct ledger_history_point history[LEDGER_HISTORY_MAX];
};
static_assert(sizeof(struct ledger_site) == 440, "layout is part of the file format");

enum ledger_connection_state {
	LEDGER_FREE,
	LEDGER_CONNECTING, /* PQconnectStart was called, the server has not said yes or no */
	LEDGER_OPEN,
	LEDGER_FAILED,     /* the connect failed; not finished */
	LEDGER_ENDED,      /* finished; kept until the slot is needed again */
	LEDGER_CLOSED_UNSEEN /* not finished, but its socket is not its own any more */
};

/* PGTransactionStatusType + 1, so that zero means unknown. */
enum ledger_transaction {
	LEDGER_TRANSACTION_UNKNOWN,
	LEDGER_TRANSACTION_IDLE,
	LEDGER_TRANSACTION_ACTIVE,
	LEDGER_TRANSACTION_INTRANS,
	LEDGER_TRANSACTION_INERROR,
	LEDGER_TRANSACTION_LOST /* PQTRANS_UNKNOWN: the connection is bad */
};

/* What was seen at the moment of PQfinish; the report concludes from it. */
enum ledger_evidence {
	LEDGER_FINALIZING = 1u << 0,   /* the interpreter was shutting down */
	LEDGER_COLLECTING = 1u << 1,   /* the cyclic collector was running */
	LEDGER_COLLECTING_KNOWN = 1u << 2, /* this build could tell whether it was */
	LEDGER_EXITING = 1u << 3,      /* exit handlers were running */
	LEDGER_WAS_FAILED = 1u << 4,   /* the connect had failed */
	LEDGER_WAS_CONNECTING = 1u << 5, /* ended before the server said yes or no */
	LEDGER_INHERITED = 1u << 6,    /* the connection is the parent's: a child finished it */
	LEDGER_OWNER_GONE = 1u << 7    /* INHERITED, when the parent had ended already */
};

/* One connection: a slot. An ENDED one keeps its story until the slot is reused. */
struct ledger_connection {
	uint32_t sequence;
	uint8_t state;           /* enum ledger_connection_state */
	uint8_t transaction;     /* enum ledger_transaction, at the last look */
	uint16_t evidence;       /* enum ledger_evidence; ENDED only, but INHERITED always */
	uint64_t serial;         /* 1, 2, 3 ... in the order of opening */
	uint64_t handle;         /* PGconn address, an identity only */
	uint64_t socket_inode;   /* 0 unknown */
	uint64_t opened_at_ns;
	uint64_t connected_at_ns; /* 0 until the server has said yes */
	uint64_t ended_at_ns;
	uint64_t last_use_at_ns; /* 0 never used */
	uint64_t begun_at_ns;    /* the transaction; 0 when idle */
	uint64_t uses;
	uint32_t site;           /* id */
	uint32_t opened_stack;   /* 0 when none was taken */
	uint32_t last_use_stack;
	uint32_t begun_stack;    /* what began the transaction it is in; 0 when idle */
	uint32_t closed_stack;   /* ENDED only */
	uint32_t called;         /* string: what the top language frame was calling at the end */
	uint32_t pool;           /* id */
	uint32_t libpq;          /* module id */
	uint32_t host, port, database, user, application_name; /* strings */
	int32_t backend_pid;     /* 0 until the server has said */
	int32_t socket;          /* descriptor; -1 none */
	int32_t server_version;  /* as PQserverVersion(); 0 unknown */
	int32_t thread;          /* tid that opened it */
	int32_t owner_pid;       /* the process that opened it: another one's when INHERITED */
	char sqlstate[8];        /* of a failed connect, "" unknown */
	uint64_t transactions;   /* begun so far */
	uint64_t transaction_max_ns; /* the longest one that ended */
	uint32_t transaction_max_stack; /* what began it */
	int32_t last_use_thread; /* tid; 0 never used */
	uint64_t reported_at_ns; /* last counted in a report about a limit; 0 never */
};
static_assert(sizeof(struct ledger_connection) == 192, "layout is part of the file format");

/* What became of finished connections, summed over equal stories: site, closed_stack,
 * called, begun_stack, evidence, transaction. Of those the section had no room for the
 * stacks are 0. */
struct ledger_ending {
	uint32_t sequence;
	uint32_t site;
	uint32_t closed_stack;
	uint32_t called;         /* as in ledger_connection */
	uint32_t last_use_stack; /* of the first of them */
	uint32_t begun_stack;    /* not 0: was in a transaction */
	uint16_t evidence;
	uint8_t transaction;
	uint8_t reserved[5];
	uint64_t count;
	uint64_t age_min_ns, age_max_ns;   /* opened to ended */
	uint64_t idle_min_ns, idle_max_ns; /* last use to ended */
};
static_assert(sizeof(struct ledger_ending) == 72, "layout is part of the file format");

enum ledger_misuse_kind {
	LEDGER_MISUSE_NONE,
	LEDGER_MISUSE_INHERITED_FINISH, /* a child finished its parent's connection */
	LEDGER_MISUSE_INHERITED_USE,
	LEDGER_MISUSE_DOUBLE_FINISH,   /* finished already */
	LEDGER_MISUSE_USE_AFTER_FINISH,
	LEDGER_MISUSE_UNKNOWN_FINISH,  /* the pointer never was a connection */
	LEDGER_MISUSE_TWO_THREADS      /* a call while another thread was inside of one */
};

struct ledger_misuse {
	uint32_t kind;             /* enum ledger_misuse_kind */
	uint32_t stack;            /* of the misuse */
	uint64_t at_ns;            /* of the first */
	uint64_t count;
	/* TWO_THREADS: what the other thread was in. DOUBLE_FINISH, USE_AFTER_FINISH: what
	 * finished the connection that had the address before this one. 0 unknown, or none. */
	uint32_t other_stack;
	int32_t thread, other_thread; /* tids */
	uint32_t reserved;
	/* As it was, stacks in this ledger. INHERITED...: `uses` are those of its owner, when
	 * this ledger began. */
	struct ledger_connection connection;
};
static_assert(sizeof(struct ledger_misuse) == 232, "layout is part of the file format");

enum ledger_result_kind {
	LEDGER_RESULT_NONE,
	LEDGER_RESULT_PGRESULT,     /* PQclear */
	LEDGER_RESULT_PGCANCEL,     /* PQfreeCancel */
	LEDGER_RESULT_PGCANCELCONN, /* PQcancelFinish */
	LEDGER_RESULT_CONNINFO,     /* PQconninfoFree */
	LEDGER_RESULT_KIND_COUNT
};

/* What libpq handed out at one stack, and is to be given back. With PQLEAK_TRACK=results. */
struct ledger_result {
	uint32_t sequence;
	uint32_t kind;           /* enum ledger_result_kind */
	uint32_t stack;          /* 0: of everything that found no room */
	uint32_t reserved;
	uint64_t first_at_ns, last_at_ns;
	uint64_t made;
	uint64_t freed;
	uint64_t peak;           /* most that were there at once */
	uint64_t peak_made;      /* how many were made when that was reached */
};
static_assert(sizeof(struct ledger_result) == 64, "layout is part of the file format");

#endif
