/* From ledgers to a report: names for native frames, user lines, endings, sites,
 * verdicts, diagnosis.
 */
#ifndef ANALYZE_ANALYZE_H
#define ANALYZE_ANALYZE_H

#include <stddef.h>

#include "analyze/report.h"
#include "ledger/reader.h"
#include "symbolize/symbolizer.h"

/* How a process that has no end in its ledger ended, when the caller knows
 * (`pqleak run` waited for it). */
struct process_fate {
	int pid;
	const char *ended; /* "signal", "killed", "_exit" */
	uint64_t at_ns;    /* CLOCK_MONOTONIC */
};

/* A connection, or its transaction, that was reported, and is over since. */
struct after_all {
	bool is_transaction; /* the connection's, else the connection itself */
	uint32_t stack;      /* what opened or began it: the ledger's id */
	int32_t backend_pid;
	uint64_t lasted_ns;
};

struct suppressions; /* analyze/suppressions.h */

struct analysis_input {
	struct reader *const *readers;
	size_t reader_count;
	/* Readers behind these, not reported: for what others did with what was inherited. */
	size_t witness_count;
	const struct process_fate *fates;
	size_t fate_count;
	struct symbolizer *symbolizer;
	bool is_brief; /* who reads the report sees no libc's frames beside the program's own */
	const struct suppressions *suppressions; /* NULL none */
	unsigned fail_on; /* bit (1 << enum verdict) */
	enum reason reason;
	const char *reason_detail; /* NULL or "" none */
	uint64_t max_open, max_age_ns, max_transaction_ns; /* 0 no limit */
	/* REASON_AFTER_ALL: what the report is of, in the one ledger that there is. */
	const struct after_all *after_all;
	size_t after_all_count;
};

/* Returns NULL only when out of memory. Caller frees with report_free. */
struct report *analyze(const struct analysis_input *input);

#endif
