/* Is a connection in its pool, or who has it? What uses and transactions show: a pool says
 * nothing when it gives a connection away, and mostly nothing when that comes back.
 */
#ifndef ANALYZE_CHECKOUT_H
#define ANALYZE_CHECKOUT_H

#include "analyze/process.h"
#include "analyze/report.h"
#include "ledger/layout.h"

/* Fills pool_state, checked_out_since_ns and held_by of `report`, whose ending and stacks
 * are known. For connections that came through a pool.
 *
 * Idle is what nobody has used since the pool had it last: that it was taken out, and not
 * used yet, leaves no trace. Checked out is what stands in a transaction. What the program
 * used outside of one, and what the pool made ready for somebody who has not used it, may be
 * in either place: then the state is unknown. */
void checkout_find(struct report_connection *report, struct arena *arena,
		   struct process *process, const struct ledger_connection *record);

#endif
