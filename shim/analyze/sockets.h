/* Does each connection that nobody finished still have its socket? The shim marks those that
 * have not, right before its own reports; of a process that runs, /proc tells it at any time.
 */
#ifndef ANALYZE_SOCKETS_H
#define ANALYZE_SOCKETS_H

#include "analyze/arena.h"
#include "analyze/process.h"

/* Fills `is_closed_unseen`. Where /proc may not be read, what the shim said stands. */
void sockets_look(struct arena *arena, struct process *process);

#endif
