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

#endif
