/* Which stacks are the same line of the program, in every process and run. */
#ifndef ANALYZE_FINGERPRINT_H
#define ANALYZE_FINGERPRINT_H

#include <stdint.h>

#include "analyze/report.h"

/* Of the program's own frames (function, file, line; where the line is not known,
 * module and offset); of all frames when none is the program's own. */
uint64_t fingerprint_of_site(const struct report_stack *stack);

/* Of all frames. */
uint64_t fingerprint_of_stack(const struct report_stack *stack);

#endif
