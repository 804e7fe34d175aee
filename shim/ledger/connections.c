#include "ledger/connections.h"

#include <string.h>

#include "base/memory.h"
#include "ledger/endings.h"
#include "ledger/history.h"
#include "ledger/records.h"

/* The last place is for the site of everything that finds none. */
static bool sites_are_full(const struct ledger *ledger)
{
	const struct ledger_section *section = &ledger->header->section[LEDGER_SITES];

	return section->used + (ledger->rest_site ? 1 : 2) * section->record_size >
	       section->capacity;
}

/* Each stack that has no site of its own is lost once, however often it opens. */
static void lost_site_count(struct ledger *ledger, uint32_t hash, uint32_t opened_stack)
{
	size_t cursor = 0;
	uint32_t known;

	while ((known = index_next(&ledger->lost_sites, hash, &cursor)))
		if (known == opened_stack)
			return;
	index_add(&ledger->lost_sites, hash, opened_stack);
	ledger->header->section[LEDGER_SITES].lost++;
}

uint32_t ledger_find_site(struct ledger *ledger, uint32_t opened_stack, uint64_t at_ns)
{
	uint32_t hash = ledger_hash(&opened_stack, sizeof(opened_stack));
	size_t cursor = 0;
	uint32_t id;

	while ((id = index_next(&ledger->sites, hash, &cursor))) {
		const struct ledger_site *site = ledger_record(ledger, LEDGER_SITES, id);

		if (site->opened_stack == opened_stack)
			return id;
	}
	if (opened_stack && sites_are_full(ledger)) {
		lost_site_count(ledger, hash, opened_stack);
		return ledger_find_site(ledger, 0, at_ns);
	}
	id = ledger_append(ledger, LEDGER_SITES,
			   &(struct ledger_site){ .opened_stack = opened_stack,
						  .first_opened_at_ns = at_ns });
	if (id)
		index_add(&ledger->sites, hash, id);
	if (!opened_stack)
		ledger->rest_site = id;
	return id;
}

uint32_t ledger_find_pool(struct ledger *ledger, uint64_t address, uint32_t type,
			  uint32_t library)
{
	uint32_t hash = ledger_hash(&address, sizeof(address));
	uint32_t generation = 0;
	size_t cursor = 0;
	uint32_t id;

	while ((id = index_next(&ledger->pools, hash, &cursor))) {
		const struct ledger_pool *pool = ledger_record(ledger, LEDGER_POOLS, id);

		if (pool->address != address)
			continue;
		if (!(pool->generation & LEDGER_POOL_GONE) && pool->type == type)
			return id;
		generation++;
	}
	id = ledger_append(ledger, LEDGER_POOLS,
			   &(struct ledger_pool){ .address = address, .type = type,
						  .library = library, .generation = generation });
	if (id)
		index_add(&ledger->pools, hash, id);
	return id;
}

static void raise_peak(uint64_t *peak, uint64_t open)
{
	if (open > *peak)
		*peak = open;
}

static void count_opened(struct ledger *ledger, const struct ledger_connection *connection)
{
	struct ledger_header *header = ledger->header;

	header->opened++;
	raise_peak(&header->peak_open, ++header->open);
	if (connection->site) {
		struct ledger_site *site = ledger_record(ledger, LEDGER_SITES, connection->site);

		ledger_change_begin(&site->sequence);
		site->opened++;
		site->last_opened_at_ns = connection->opened_at_ns;
		raise_peak(&site->peak_open, ++site->open);
		history_change(site, connection->opened_at_ns, site->open - 1);
		ledger_change_end(&site->sequence);
	}
	if (connection->pool) {
		struct ledger_pool *pool = ledger_record(ledger, LEDGER_POOLS, connection->pool);

		ledger_change_begin(&pool->sequence);
		pool->opened++;
		raise_peak(&pool->peak_open, ++pool->open);
		ledger_change_end(&pool->sequence);
	}
}

/* Without memory for the ring the slot keeps its story, and is not used again. */
static void ended_add(struct ledger *ledger, uint32_t id)
{
	const struct ledger_section *section = &ledger->header->section[LEDGER_CONNECTIONS];

	if (!ledger->ended) {
		ledger->ended_capacity = (uint32_t)(section->capacity / section->record_size);
		ledger->ended = memory_map(ledger->ended_capacity * sizeof(*ledger->ended));
	}
	if (!ledger->ended)
		return;
	uint32_t last = (ledger->ended_first + ledger->ended_count++) % ledger->ended_capacity;

	ledger->ended[last] = id;
}

static uint32_t oldest_ended_take(struct ledger *ledger)
{
	uint32_t id = ledger->ended[ledger->ended_first];

	ledger->ended_first = (ledger->ended_first + 1) % ledger->ended_capacity;
	ledger->ended_count--;
	return id;
}

static bool connections_are_full(const struct ledger *ledger)
{
	const struct ledger_section *section = &ledger->header->section[LEDGER_CONNECTIONS];

	return section->used + section->record_size > section->capacity;
}

uint32_t ledger_add_connection(struct ledger *ledger, const struct ledger_connection *connection)
{
	struct ledger_connection added = *connection;
	uint32_t id;

	count_opened(ledger, connection);
	added.serial = ledger->header->opened;
	if (ledger->ended_count >= LEDGER_ENDED_MAX ||
	    (ledger->ended_count && connections_are_full(ledger))) {
		id = oldest_ended_take(ledger);
		struct ledger_connection *slot = ledger_record(ledger, LEDGER_CONNECTIONS, id);

		ledger_change_begin(&slot->sequence);
		added.sequence = slot->sequence;
		*slot = added;
		ledger_change_end(&slot->sequence);
		return id;
	}
	return ledger_append(ledger, LEDGER_CONNECTIONS, &added);
}

void ledger_lose_connection(struct ledger *ledger)
{
	ledger->header->section[LEDGER_CONNECTIONS].lost++;
}

void ledger_fail_connection(struct ledger *ledger, uint32_t id, uint32_t site_id,
			    const char *sqlstate)
{
	ledger->header->failed++;
	if (site_id) {
		struct ledger_site *site = ledger_record(ledger, LEDGER_SITES, site_id);

		ledger_change_begin(&site->sequence);
		site->failed++;
		ledger_change_end(&site->sequence);
	}
	if (id) {
		struct ledger_connection *slot = ledger_record(ledger, LEDGER_CONNECTIONS, id);

		ledger_change_begin(&slot->sequence);
		slot->state = LEDGER_FAILED;
		strncpy(slot->sqlstate, sqlstate, sizeof(slot->sqlstate) - 1);
		ledger_change_end(&slot->sequence);
	}
}

static void count_ended(struct ledger *ledger, const struct ledger_end *end,
			uint64_t opened_at_ns)
{
	ledger->header->finished++;
	ledger->header->open--;
	if (end->site) {
		struct ledger_site *site = ledger_record(ledger, LEDGER_SITES, end->site);

		ledger_change_begin(&site->sequence);
		site->finished++;
		site->open--;
		history_change(site, end->at_ns, site->open + 1);
		if (!(end->evidence & LEDGER_WAS_FAILED))
			history_count_lifetime(site, end->at_ns - opened_at_ns);
		ledger_change_end(&site->sequence);
	}
	if (end->pool) {
		struct ledger_pool *pool = ledger_record(ledger, LEDGER_POOLS, end->pool);

		ledger_change_begin(&pool->sequence);
		/* A pool closes by calling; what ends without a call went with its pool. */
		if (!--pool->open && (end->evidence & LEDGER_COLLECTING || !end->called))
			pool->generation |= LEDGER_POOL_GONE;
		ledger_change_end(&pool->sequence);
	}
}

static void count_transactions(struct ledger *ledger, const struct ledger_connection *connection)
{
	struct ledger_site *site;

	if (!connection->site || !connection->transactions)
		return;
	site = ledger_record(ledger, LEDGER_SITES, connection->site);
	ledger_change_begin(&site->sequence);
	site->transactions += connection->transactions;
	if (connection->transaction_max_ns > site->transaction_max_ns) {
		site->transaction_max_ns = connection->transaction_max_ns;
		site->transaction_max_stack = connection->transaction_max_stack;
	}
	ledger_change_end(&site->sequence);
}

void ledger_end_connection(struct ledger *ledger, uint32_t id, const struct ledger_end *end)
{
	if (!id) {
		count_ended(ledger, end, end->opened_at_ns);
		ledger_sum_ending(ledger, &(struct ledger_connection){
						  .opened_at_ns = end->opened_at_ns,
						  .ended_at_ns = end->at_ns,
						  .site = end->site,
						  .closed_stack = end->closed_stack,
						  .called = end->called,
						  .evidence = end->evidence,
					  });
		return;
	}
	struct ledger_connection *slot = ledger_record(ledger, LEDGER_CONNECTIONS, id);

	count_ended(ledger, end, slot->opened_at_ns);
	ledger_change_begin(&slot->sequence);
	slot->state = LEDGER_ENDED;
	slot->evidence = end->evidence;
	slot->ended_at_ns = end->at_ns;
	slot->closed_stack = end->closed_stack;
	slot->called = end->called;
	ledger_change_end(&slot->sequence);
	count_transactions(ledger, slot);
	ledger_sum_ending(ledger, slot);
	ended_add(ledger, id);
}
