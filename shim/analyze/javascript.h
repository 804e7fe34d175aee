/* The names that V8 writes into a perf map for functions of JavaScript:
 * "JS:~openOne /srv/app.js:12:17", without the column up to node 18.
 */
#ifndef ANALYZE_JAVASCRIPT_H
#define ANALYZE_JAVASCRIPT_H

#include <stdbool.h>

#include "analyze/arena.h"
#include "analyze/report.h"

/* Fills language, function, file and line; the line is where the function begins, for V8
 * tells no other. False, with nothing filled, when `name` is no such name. */
bool javascript_frame(struct arena *arena, const char *name, struct report_frame *ret);

#endif
