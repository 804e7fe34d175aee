/* The records of each site, connections or endings, in their order: a look at each record once
 * instead of once a site.
 *
 * Context: as plain_report.h; memory is mapped, never allocated. Where there is none the records
 * are searched one by one, as slowly as that is.
 */
#ifndef CAPTURE_SITE_CHAIN_H
#define CAPTURE_SITE_CHAIN_H

#include "ledger/writer.h"

struct site_chain {
	const struct ledger *ledger;
	enum ledger_section_kind kind;
	uint32_t sites, count; /* as they were at the beginning */
	uint32_t *first;       /* by site; NULL: no memory */
	uint32_t *next;        /* by record */
};

/* `kind` is LEDGER_CONNECTIONS or LEDGER_ENDINGS, which have so many records now, and the
 * ledger so many sites. */
void site_chain_init(struct site_chain *chain, const struct ledger *ledger,
		     enum ledger_section_kind kind, uint32_t sites, uint32_t count);
void site_chain_finish(struct site_chain *chain);

/* The site's first record behind `record`, which is one of its own, or 0; 0 when there is none.
 * A slot may have become another site's since. */
uint32_t site_chain_next(const struct site_chain *chain, uint32_t site, uint32_t record);

#endif
