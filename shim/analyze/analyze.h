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
};

struct suppressions; /* analyze/suppressions.h */

struct analysis_input {
	struct reader *const *readers;
	size_t reader_count;
	const struct process_fate *fates;
	size_t fate_count;
	struct symbolizer *symbolizer;
	const struct suppressions *suppressions; /* NULL none */
	unsigned fail_on; /* bit (1 << enum verdict) */
};

/* Returns NULL only when out of memory. Caller frees with report_free. */
struct report *analyze(const struct analysis_input *input);

#endif
