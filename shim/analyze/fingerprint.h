/* Which stacks are the same line of the program, in every process and run. */
#ifndef ANALYZE_FINGERPRINT_H
#define ANALYZE_FINGERPRINT_H

#include <stdint.h>

#include "analyze/report.h"

/* Of the program's own frames (function, file, line; where the line is not known,
 * module and offset); without any, as fingerprint_of_stack. */
uint64_t fingerprint_of_site(const struct report_stack *stack);

/* Of the frames of the language; of all where there are native ones only. */
uint64_t fingerprint_of_stack(const struct report_stack *stack);

#endif
