/* The text of a source line, for the user line. */
#ifndef ANALYZE_SOURCE_H
#define ANALYZE_SOURCE_H

#include <stdint.h>

#include "analyze/arena.h"

enum { SOURCE_TEXT_MAX = 200 };

/* Line `number` (from 1) of `file`, trimmed and cut at SOURCE_TEXT_MAX bytes; "" when
 * there is none. The path is untrusted: regular files only. */
const char *source_line(struct arena *arena, const char *file, uint32_t number);

#endif
