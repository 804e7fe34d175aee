/* What the doctor concludes: for each process that matters, by which ways it came to
 * PostgreSQL, and which of its connections pqleak recorded.
 *
 * A process matters when it opened a connection, or when libpq was in it; of several that
 * run the same program, had the same libpqs and opened nothing, one stands for all.
 */
#ifndef CLI_DOCTOR_FINDINGS_H
#define CLI_DOCTOR_FINDINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/options.h"
#include "cli/doctor_patients.h"
#include "cli/ledgers.h"

enum { WAY_ADDRESSES_MAX = 8 };

enum way_kind {
	WAY_LIBPQ,  /* a shared libpq */
	WAY_STATIC, /* a libpq inside of a program or of a library */
	WAY_OTHER   /* a client without libpq */
};

struct way {
	enum way_kind kind;
	const char *path;     /* of the libpq, of what contains it, of the code that speaks; "" */
	const char *client;   /* WAY_OTHER: what it is called */
	int version;          /* as PQlibVersion(), or the major alone: 150000; 0 unknown */
	bool is_called;       /* something was opened by it */
	bool is_flagged;      /* `loaded` is known */
	uint32_t loaded;      /* flags of a ledger's module */
	uint64_t seen;        /* sockets on which a session was begun */
	uint64_t missed;      /* of these: not recorded */
	const char *addresses[WAY_ADDRESSES_MAX]; /* the first ones that are missed, each once */
	size_t address_count;
	const char *why, *cure; /* of what is missed, or would be; "" when nothing is */
};

struct finding {
	pid_t pid, parent_pid;
	const char *command;    /* "python3 app.py" */
	const char *executable; /* path */
	bool is_looked_at;      /* else only its ledger tells of it */
	bool has_shim;
	bool has_ledger;
	uint64_t recorded;      /* connections, failed ones included */
	uint64_t missed;
	struct way *ways;
	size_t way_count;
};

struct findings {
	struct finding *items;
	size_t count;
	uint64_t recorded, missed;
	/* The caller fills in what follows. */
	const char *unwatched;  /* why no process could be looked at; NULL when they were */
	size_t unread;          /* calls that could not be looked at */
	pid_t unread_pid;       /* the first process with one */
	bool is_over;           /* nothing of the tree runs any more */
	int program_status;     /* as a shell has it */
	int exit_status;
};

/* Reads `ledgers` and the marks in `directory` ("" none). Strings are of `patients` and
 * `ledgers`. Returns 0 or -ENOMEM. Caller frees with findings_finish, also after an error. */
int findings_make(struct findings *findings, const struct patients *patients,
		  const struct ledgers *ledgers, const struct options *options,
		  const char *directory);
void findings_finish(struct findings *findings);

#endif
