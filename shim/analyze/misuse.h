/* What a process did with connections that is wrong in itself. */
#ifndef ANALYZE_MISUSE_H
#define ANALYZE_MISUSE_H

#include "analyze/arena.h"
#include "analyze/process.h"
#include "analyze/report.h"
#include "analyze/suppressions.h"

/* Appends the misuse of a process to `list` (struct report_misuse). What is suppressed
 * is left out, and added to *suppressed. */
void misuse_add(struct arena *arena, struct arena_list *list, struct process *process,
		const struct suppressions *suppressions, uint64_t *suppressed);

#endif
