/* Connections that a process left to a forked child: a call of the child's finished them, and
 * the process that opened them did not touch them any more. Nobody lost anything: it is neither
 * a misuse by the child nor a leak of its parent.
 */
#ifndef ANALYZE_HANDOVERS_H
#define ANALYZE_HANDOVERS_H

#include <stddef.h>

#include "analyze/arena.h"
#include "analyze/process.h"

/* Fills `taken_over`, `is_handover` and `opened_by_owner` of each process. */
void handovers_find(struct arena *arena, struct process *processes, size_t count);

#endif
