/* One process of the report: its ledger, its stacks, its clock, how it ended. */
#ifndef ANALYZE_PROCESS_H
#define ANALYZE_PROCESS_H

#include <stdbool.h>
#include <stdint.h>

#include "analyze/analyze.h"
#include "analyze/arena.h"
#include "analyze/report.h"
#include "analyze/stacks.h"
#include "analyze/table.h"

struct process {
	const struct reader *reader;
	const struct ledger_header *header;
	const struct analysis_input *input;
	struct stacks *stacks;
	struct report_process report;
	struct table moves; /* checkout.c's, by stack */
	struct table strings; /* site_connection.c's: copies, by the ledger's id */
	struct table origins; /* and what an opening stack tells, by the stack's id */
	bool is_running;
	bool is_witness; /* not reported: tells what it did with what others inherited */
	/* By the ids of its connections and of its misuses: see handovers.h. */
	const struct report_stack **taken_over; /* where a child finished it; NULL none did */
	struct inheritance *inheritances;
	bool *is_closed_unseen; /* by the ids of its connections: see sockets.h */
	uint64_t end_ns; /* CLOCK_MONOTONIC: its end, now, or the last that is known of it */
};

/* Fills `process`, but for what its connections add to the counters. */
void process_init(struct process *process, struct arena *arena, const struct reader *reader,
		  const struct analysis_input *input);

/* Is no interpreter in the stacks found so far one that the shim does not read? */
bool process_is_interpreter_known(const struct process *process);

/* Names the languages of the process that were seen, and not read. When all stacks that
 * are told were found. */
void process_add_native_only(struct process *process, struct arena *arena);

/* From the ledger's clock to CLOCK_REALTIME; 0 stays 0. */
uint64_t process_realtime(const struct process *process, uint64_t monotonic_ns);

/* Adds `count` connections that ended so to the process's counters. */
void process_count(struct process *process, enum ending ending, uint64_t count);

#endif
