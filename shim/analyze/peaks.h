/* How many connections of a site were open at the same time, at most. */
#ifndef ANALYZE_PEAKS_H
#define ANALYZE_PEAKS_H

#include <stdint.h>

#include "analyze/sites.h"

/* Exact for a site of one stack, and where every connection is on record; else the
 * sum of its stacks' peaks, for each process no more than the process's own. */
uint64_t peak_of_site(struct arena *arena, const struct site *site);

#endif
