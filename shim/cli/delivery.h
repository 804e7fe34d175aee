/* From ledgers to a report where the user wants it: analyzed, rendered, written.
 *
 * The report is made in memory and written at once: several processes may share a
 * log. One that cannot be written goes to standard error instead, and says why.
 */
#ifndef CLI_DELIVERY_H
#define CLI_DELIVERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analyze/analyze.h"
#include "base/options.h"
#include "cli/ledgers.h"

struct delivery {
	const struct options *options;
	const struct ledgers *ledgers;
	const struct process_fate *fates;
	size_t fate_count;
	enum reason reason;
	const char *reason_detail;
	const struct after_all *after_all; /* of REASON_AFTER_ALL */
	size_t after_all_count;
	int pid;               /* %p of PQLEAK_LOG */
	const char *program;   /* %e */
	uint64_t at_ns;        /* %t: CLOCK_REALTIME */
	int program_status;    /* as a shell has it; 0 when there was none */
	int failing_status;    /* to end with when the report fails */
	bool has_failed;       /* also when it does not: a process said so of its own report */
	bool is_to_stdout;     /* instead of PQLEAK_LOG */
	bool is_for_shim;      /* which has to know whether the report was written */
	const char *otherwise; /* a line instead of a text report of nothing; NULL none. With
				* one, nothing is added to a log that others have written to */
};

/* Empties a log of an earlier run, so that its report does not pass for this one's.
 * Reports that processes make meanwhile, on a signal, are added, as the last one is; in JSON
 * they have a log beside it.
 * Needs no ledgers yet. */
void delivery_begin(const struct delivery *delivery);

/* Writes a report where the user wants it. Returns 0, or, said in a line, -Exxx. */
int delivery_write(const struct delivery *delivery, const char *bytes, size_t size);

/* Returns the exit status: that of the program when it is not 0, else
 * failing_status when the report fails, else STATUS_TROUBLE when it could not be
 * made or written, else STATUS_OK. `is_for_shim`: STATUS_TROUBLE comes first. */
int delivery_make(const struct delivery *delivery);

#endif
