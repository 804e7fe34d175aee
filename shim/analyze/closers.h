/* Names of calls that close: the rows of closers.def. */
#ifndef ANALYZE_CLOSERS_H
#define ANALYZE_CLOSERS_H

#include <stdbool.h>

/* Is it a name by which connections, or what owns them, are closed? */
bool closer_is_name(const char *called);

/* Is it a name by which the program lets go of a value on purpose, which closes? */
bool closer_is_release(const char *called);

#endif
