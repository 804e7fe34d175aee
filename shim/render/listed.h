/* How many connections a report lists, one by one: a thousand sites with a thousand each would be
 * gigabytes that nobody can read.
 */
#ifndef RENDER_LISTED_H
#define RENDER_LISTED_H

#include "analyze/report.h"

enum { LISTED_MAX = 10000 }; /* of a report; one of each site where there are more sites */

/* So many of each site at most: the same for all. */
size_t listed_max_of(const struct report *report);

#endif
