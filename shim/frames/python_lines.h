/* CPython's tables from instruction to line, decoded without allocation.
 */
#ifndef FRAMES_PYTHON_LINES_H
#define FRAMES_PYTHON_LINES_H

#include <stdbool.h>
#include <stdint.h>

#include "frames/peek.h"

/* The source of a run of instructions (3.11 and newer). */
struct python_location {
	uint32_t start, end;        /* bytes of bytecode */
	int32_t line, end_line;     /* -1 none */
	int32_t column, end_column; /* -1 none */
	int32_t last_line;          /* of the last run that had one */
};

/* Before the first run of a table. */
void python_location_init(struct python_location *location, uint32_t first_line);

/* Goes on to the next run. False at the end of the table. */
bool python_location_next(struct python_location *location, struct peek_window *table);

/* The line of the instruction at `position` (bytes; negative before the first one, which
 * is the first line) by the table of version 3.`minor`. 0 when it has none. */
uint32_t python_line(unsigned minor, struct peek_window *table, uint32_t first_line,
		     int32_t position);

#endif
