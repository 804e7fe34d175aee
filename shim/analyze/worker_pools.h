/* The pools of a server's workers: each process has its own, and the server has the sum. */
#ifndef ANALYZE_WORKER_POOLS_H
#define ANALYZE_WORKER_POOLS_H

#include "analyze/sites.h"

/* When all sites have a verdict: how many processes keep connections in pools to the targets
 * of each held site, and how many connections. */
void worker_pools_compare(struct sites *sites);

#endif
