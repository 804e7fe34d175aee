/* How a finished connection came to its ending: the collector or the last reference,
 * the interpreter's shutdown or an exit handler. The ending says what it means; this
 * says which machinery did it, where the evidence can tell.
 */
#ifndef ANALYZE_HOWS_H
#define ANALYZE_HOWS_H

#include <stdbool.h>

#include "analyze/report.h"

/* `ending`, `evidence` and `stack` as in endings.h. */
enum how how_of_finished(enum ending ending, unsigned evidence, const struct report_stack *stack,
			 bool is_interpreter_known);

/* Was it the program's own code that finished it, which an exit handler ran, and no library
 * or object that goes of itself?
 */
bool how_is_own_handler(enum how how, const struct report_stack *stack);

#endif
