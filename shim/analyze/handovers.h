/* What children did with the connections of their parent, and what became of these.
 *
 * A connection that a process left to a child is handed over: that child alone went on with it,
 * and the process that opened it did not touch it any more. Nobody lost anything: it is neither
 * a misuse by the child nor, when a call of the child's finished it, a leak of its parent.
 *
 * A use is told only when somebody else was seen to go on with the same connection; what no
 * other ledger speaks of may have been handed over.
 */
#ifndef ANALYZE_HANDOVERS_H
#define ANALYZE_HANDOVERS_H

#include <stddef.h>

#include "analyze/arena.h"
#include "analyze/process.h"

enum heir_kind {
	HEIR_NONE,     /* nobody else went on with it */
	HEIR_USED,     /* its opener used it later */
	HEIR_FINISHED, /* its opener finished it later */
	HEIR_SIBLING   /* another child had it, too */
};

/* Of a misuse of an inherited connection. */
struct inheritance {
	bool is_told;                      /* it is a misuse, and the first of its connection */
	const struct process *owner;       /* NULL: its ledger is not here */
	const struct ledger_connection *own; /* as the owner has it; NULL with `owner` */
	enum heir_kind heir;
	int heir_pid;
	const struct report_stack *heir_stack; /* what the other one did; NULL none */
	uint64_t count;                    /* of this process, and of this kind, with it */
};

/* Fills `taken_over` and `inheritances` of each process. */
void handovers_find(struct arena *arena, struct process *processes, size_t count);

#endif
