/* How a connection ended: from what was seen at PQfinish to a word. */
#ifndef ANALYZE_ENDINGS_H
#define ANALYZE_ENDINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "analyze/report.h"
#include "ledger/layout.h"

/* A finished connection: `evidence` is enum ledger_evidence, `stack` where PQfinish
 * was called, `called` what the innermost language frame was calling, "" nothing.
 * Where the interpreter is not known, a stack without its frames tells nothing. */
enum ending ending_of_finished(unsigned evidence, const struct report_stack *stack,
			       const char *called, bool is_interpreter_known);

/* Was it closed on purpose, where an exit handler is the program (minitest's tests)? Of one
 * with ENDING_SHUTDOWN, that was opened, or its transaction begun, at `opened`. */
bool ending_is_asked_for_at_end(unsigned evidence, const struct report_stack *stack,
				const char *called, const struct report_stack *opened);

/* Was PQfinish called by what runs when nothing refers to an object any more? */
bool ending_has_finalizer(const struct report_stack *stack);

/* Was it called by code that the program left for its end (Perl's END)? */
bool ending_has_shutdown_code(const struct report_stack *stack);

/* One that was not finished; `ended` is how its process ended, in the report's words. */
enum ending ending_of_unfinished(unsigned state, const char *ended);

/* Did it end, or does it stand, in a transaction? */
bool ending_in_transaction(unsigned transaction, uint32_t begun_stack);

/* "idle", "intrans" ... */
const char *transaction_name(unsigned transaction);

#endif
