#include "capture/site_chain.h"

#include "base/memory.h"

static uint32_t site_of(const struct site_chain *chain, uint32_t id)
{
	const void *record = ledger_record(chain->ledger, chain->kind, id);

	return chain->kind == LEDGER_CONNECTIONS
		       ? ((const struct ledger_connection *)record)->site
		       : ((const struct ledger_ending *)record)->site;
}

static size_t chain_bytes(const struct site_chain *chain)
{
	return ((size_t)chain->sites + chain->count + 2) * sizeof(*chain->first);
}

void site_chain_init(struct site_chain *chain, const struct ledger *ledger,
		     enum ledger_section_kind kind, uint32_t sites, uint32_t count)
{
	*chain = (struct site_chain){ .ledger = ledger, .kind = kind, .sites = sites,
				      .count = count };
	chain->first = memory_map(chain_bytes(chain));
	if (!chain->first)
		return;
	chain->next = chain->first + sites + 1;
	/* From the last on: each is put before those that follow it. */
	for (uint32_t id = count; id > 0; id--) {
		uint32_t site = site_of(chain, id);

		if (site > sites)
			continue;
		chain->next[id] = chain->first[site];
		chain->first[site] = id;
	}
}

void site_chain_finish(struct site_chain *chain)
{
	memory_unmap(chain->first, chain_bytes(chain));
}

uint32_t site_chain_next(const struct site_chain *chain, uint32_t site, uint32_t record)
{
	if (chain->first)
		return record ? chain->next[record] : chain->first[site];
	while (++record <= chain->count)
		if (site_of(chain, record) == site)
			return record;
	return 0;
}
