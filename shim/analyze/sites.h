/* Where connections are opened: the stacks of all ledgers, grouped by the program's
 * own lines, with everything that is known about what was opened there.
 */
#ifndef ANALYZE_SITES_H
#define ANALYZE_SITES_H

#include <stdbool.h>
#include <stdint.h>

#include "analyze/arena.h"
#include "analyze/process.h"
#include "analyze/report.h"
#include "analyze/table.h"
#include "analyze/timeline.h"

/* One connection that is still on record. */
struct site_connection {
	struct report_connection report;
	struct process *process;
	uint32_t pool; /* the ledger's id; 0 none */
	uint64_t target; /* tells servers, databases and users apart; 0 unknown */
	int32_t thread, last_use_thread; /* tids; 0 unknown */
	bool is_in_transaction; /* at its end, or as it stands */
	bool is_overdue; /* in one beyond its limit: counted as stuck */
	bool is_kept; /* by somebody, when the program ended, or now */
};

/* What one process opened at a site. */
struct site_share {
	struct site *site;
	struct process *process;
	uint64_t opened, failed, failed_finished;
	uint64_t finished, open; /* by the ledger's counters, failed ones included */
	uint64_t told;         /* of the finished ones, those whose endings are there */
	uint64_t on_record;    /* of these, those that are still on record */
	uint64_t failed_on_record; /* of these, the failed ones */
	uint64_t peak_sum;     /* of the peaks of its stacks */
	uint64_t endings[ENDING_COUNT];
	uint64_t own_handler;  /* of those at shutdown: by the program's own exit handler */
	size_t stack_count;
	size_t pools;          /* on record */
	size_t pools_a_target; /* of these, for one and the same target, at most */
	struct arena_list parts; /* struct timeline_part *: of its stacks */
	struct timeline timeline; /* their sum, without what shutdown closed */
	enum trend trend;
	size_t kept;           /* on record, and open at its end or now, or until shutdown */
	size_t left_behind;    /* of these, where it rises: see growth.h */
};

struct site {
	struct report_site report;
	struct arena_list shares;      /* struct site_share * */
	struct arena_list connections; /* struct site_connection */
	size_t expected;               /* more of them in the process that is added */
	struct arena_list closes;      /* struct report_close */
	struct arena_list parts;       /* struct timeline_part *: of all its shares */
	struct table close_index;      /* by stack and ending: index in `closes`, plus 1 */
	uint64_t failed, failed_finished;
	uint64_t open_now;             /* of the open ones, those of processes that run */
	uint64_t not_closed;           /* ended, and not by the program */
	uint64_t stuck;                /* of these, those in a transaction */
	const struct report_stack *begun; /* what began one of those, or of those that
					   * stand; NULL unknown */
	size_t left_behind; /* of the share that tells most about the trend */
	/* Pools of held sites that keep a connection of this site's targets at the end, or
	 * now, in one process, and how many connections: of the target that has most. */
	size_t target_pools;
	uint64_t target_kept;
	/* Processes whose pools keep connections of this site's targets at the end, or now;
	 * how many in all, and how many the one that has most. */
	size_t workers;
	uint64_t worker_kept, worker_most;
	uint64_t left_in_transaction, left_by_threads; /* of those that stand: habits.h */
};

struct sites {
	struct arena *arena;
	struct arena_list list; /* struct site * */
	struct table index;     /* by fingerprint */
	struct table pools;     /* numbers of pools, by process and id */
	uint64_t pool_count;
};

/* Adds all that a process opened. Keeps `process` by reference, and adds to its counters. */
void sites_add(struct sites *sites, struct process *process);

/* When all processes are in: order, peaks, pools, user lines. */
void sites_finish(struct sites *sites);

/* When all is concluded: the connections become the report's, and are the sites' no more. */
void sites_hand_over(struct sites *sites);

/* A connection in the report's form, for one that belongs to no site, too. */
void site_connection_init(struct site_connection *connection, struct arena *arena,
			  struct process *process, const struct ledger_connection *record,
			  enum ending ending);

#endif
