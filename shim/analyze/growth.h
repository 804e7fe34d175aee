/* Does the number of a site's open connections only rise, or did a pool fill and stay?
 *
 * A trend is told from the history alone. To say that connections are being leaked while
 * the program runs takes more, because a pool that fills, and a service to which more and
 * more clients come, rise as well: see growth_is_leak.
 */
#ifndef ANALYZE_GROWTH_H
#define ANALYZE_GROWTH_H

#include <stdbool.h>

#include "analyze/sites.h"

/* When pools, connections and endings of all sites are known. */
void growth_find(struct arena *arena, struct site *site);

/* Connections of the site that some process opens more and more of, and leaves behind:
 *  - the fewest that were open rose from quarter to quarter of the process's time, and
 *    went on to the end;
 *  - for GROWTH_SPAN_NS at least, to GROWTH_OPEN_MIN at least;
 *  - half of them and more have not been used for a quarter of that time, in which at
 *    least a quarter of them was opened: a pool, which opens one when all are in use, has
 *    none of these, and neither have ever more requests with a connection each;
 *  - no pool that is known opened them: its size is bounded, or its use is what is wrong.
 */
enum { GROWTH_OPEN_MIN = 16 };
#define GROWTH_SPAN_NS UINT64_C(10000000000)

bool growth_is_leak(const struct site_share *share);

/* Those of a process where growth_is_leak: open at its end or now, or until shutdown. */
uint64_t growth_kept(const struct site_share *share);

#endif
