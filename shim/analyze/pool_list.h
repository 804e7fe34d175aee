/* The report's pools: what each of them keeps, and who has what it gave away. */
#ifndef ANALYZE_POOL_LIST_H
#define ANALYZE_POOL_LIST_H

#include "analyze/report.h"
#include "analyze/sites.h"

/* Fills `report`'s pools, when all sites are finished. Of the connections on record: a pool
 * whose connections were all closed, or are forgotten, is not among them. */
void pool_list_make(struct report *report, struct sites *sites);

#endif
