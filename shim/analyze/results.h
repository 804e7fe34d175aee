/* What libpq handed out and nobody gave back: PGresult and its like, by process and line of
 * the program.
 *
 * Verdicts. All given back is ok. What a process that runs still has is held: it may be at
 * work on it. When a process has ended, a few left are held as well, since a program may end
 * in the middle of a result: no more than one for each connection that it had open at once,
 * nor than RESULTS_FEW; and so is a number that was reached early and stood, as of a cache.
 * What is more, and still rose in the second half of all that the line made, is a leak.
 * Results that an interpreter's objects own are the interpreter's to free: they are a leak
 * only when it had its own end, by exit, and left as many as RESULTS_MANY.
 */
#ifndef ANALYZE_RESULTS_H
#define ANALYZE_RESULTS_H

#include "analyze/analyze.h"
#include "analyze/arena.h"
#include "analyze/process.h"
#include "analyze/report.h"

enum { RESULTS_FEW = 2, RESULTS_MANY = 100 };

/* Fills the report's results, and adds to what is suppressed and to what fails. */
void results_fill(struct report *report, struct process *processes, size_t count,
		  const struct analysis_input *input, struct arena *arena);

#endif
