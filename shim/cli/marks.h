/* What processes of a run that reported by themselves left in its directory: an empty
 * file each, PID.reported, or PID.failed where the report fails. Their ledgers were
 * not to be had there, as after privileges were dropped. */
#ifndef CLI_MARKS_H
#define CLI_MARKS_H

#include <stdbool.h>
#include <stddef.h>

struct marks {
	size_t count; /* failed ones included */
	size_t failed;
};

/* Looks through `directory`, and removes them unless they are kept. One that cannot
 * be read has none: reading the ledgers says so. */
struct marks marks_take(const char *directory, bool is_kept);

#endif
