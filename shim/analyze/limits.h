/* Limits of a running process: which connections are beyond them, and what was reported
 * while it ran and is over since.
 */
#ifndef ANALYZE_LIMITS_H
#define ANALYZE_LIMITS_H

#include "analyze/analyze.h"
#include "analyze/arena.h"
#include "analyze/sites.h"

/* An open connection of a process that runs: adds it to the site's counts where it is
 * beyond a limit. True when its transaction is: then it counts as stuck. */
bool limits_judge(struct site *site, struct process *process,
		  const struct ledger_connection *record);

/* A connect of a running process that failed a moment ago is nobody's fault: there was no
 * time to finish it. Then true, and the share does not count it. */
bool limits_forget_just_failed(struct site_share *share, const struct ledger_connection *record);

/* Fills what the report says of limits, and of what is over that was reported. When all
 * sites are in, before they are copied. */
void limits_finish(struct report *report, const struct analysis_input *input,
		   const struct process *processes, const struct sites *sites,
		   struct arena *arena);

/* The order of sites in a report about who holds connections, as for qsort: who is beyond a
 * limit, then who holds most, then the newest; 0 when equal. */
int limits_compare_holders(const struct report_site *one, const struct report_site *other);

#endif
