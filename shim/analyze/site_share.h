/* What one process opened at a site: its share of the site's numbers. */
#ifndef ANALYZE_SITE_SHARE_H
#define ANALYZE_SITE_SHARE_H

#include "analyze/sites.h"

/* The process's share of the site, a new one at the first question. */
struct site_share *site_share_find(struct arena *arena, struct site *site, struct process *process);

/* Adds what the ledger counts of one stack. */
void site_share_add(struct arena *arena, struct site_share *share,
		    const struct ledger_site *record);

/* Counts connections that ended so, in the share, its site and its process. `begun` is what
 * began the transaction that they are in; NULL when they are in none. */
void site_share_count(struct site_share *share, enum ending ending, uint64_t count,
		      const struct report_stack *begun);

/* When all that is on record is counted: what the ledger had no room for, by its counters. */
void site_share_complete(struct site_share *share);

#endif
