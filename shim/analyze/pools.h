/* Which pools a site's connections came through, and how many pools keep connections
 * to one and the same database. Known from the connections that are still on record.
 */
#ifndef ANALYZE_POOLS_H
#define ANALYZE_POOLS_H

#include "analyze/sites.h"

/* Counts the pools of a site and of its shares, and names them in its connections. Pools
 * that connect out of sight (hidden_pools.def) have a library's name, and no number. */
void pools_count(struct sites *sites, struct site *site);

/* The library whose pool must have connected, though none was seen; "" none. */
const char *pools_hidden_library(const struct report_stack *opened);

/* When all sites have a verdict: the pools of each held site's targets. What leaks has
 * a cause of its own, and does not make a held pool one of many. */
void pools_compare(struct sites *sites);

#endif
