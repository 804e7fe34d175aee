/* What the user does not want to hear of: lines of `leak:PATTERN`, as
 * LeakSanitizer has them (https://clang.llvm.org/docs/AddressSanitizer.html).
 *
 * PATTERN is found anywhere in a name; '*' stands for any characters, a first '^'
 * and a last '$' tie it to the ends. Empty lines and lines that begin with '#' say
 * nothing.
 */
#ifndef ANALYZE_SUPPRESSIONS_H
#define ANALYZE_SUPPRESSIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "analyze/report.h"

struct suppressions;

/* Reads `path`. Returns NULL on error, with one line about it in `ret_problem`
 * (`problem_size` bytes, ends with 0): "cannot open 'x': No such file or directory".
 * Caller frees with suppressions_free. */
struct suppressions *suppressions_read(const char *path, char *ret_problem, size_t problem_size);
void suppressions_free(struct suppressions *suppressions);

/* Does a pattern match the function, file or module of any frame? NULL matches nothing. */
bool suppressions_match(const struct suppressions *suppressions,
			const struct report_stack *stack);

#endif
