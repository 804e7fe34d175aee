#include "ledger/results.h"

#include "ledger/records.h"

static uint32_t result_find(struct ledger *ledger, enum ledger_result_kind kind, uint32_t stack,
			    uint64_t at_ns)
{
	const struct ledger_section *section = &ledger->header->section[LEDGER_RESULTS];
	const uint32_t key[] = { (uint32_t)kind, stack };
	uint32_t hash = ledger_hash(key, sizeof(key));
	size_t cursor = 0;
	uint32_t id;

	while ((id = index_next(&ledger->results, hash, &cursor))) {
		const struct ledger_result *known = ledger_record(ledger, LEDGER_RESULTS, id);

		if (known->kind == (uint32_t)kind && known->stack == stack)
			return id;
	}
	struct ledger_result *result = ledger_room(ledger, LEDGER_RESULTS, sizeof(*result));

	if (!result)
		return 0;
	*result = (struct ledger_result){ .kind = (uint32_t)kind, .stack = stack,
					  .first_at_ns = at_ns };
	ledger_publish(ledger, LEDGER_RESULTS, sizeof(*result));
	id = (uint32_t)(section->used / sizeof(*result));
	index_add(&ledger->results, hash, id);
	return id;
}

uint32_t ledger_make_result(struct ledger *ledger, enum ledger_result_kind kind, uint32_t stack,
			    uint64_t at_ns)
{
	uint32_t id = result_find(ledger, kind, stack, at_ns);

	if (!id)
		return 0;
	struct ledger_result *result = ledger_record(ledger, LEDGER_RESULTS, id);

	ledger_change_begin(&result->sequence);
	result->made++;
	result->last_at_ns = at_ns;
	if (result->made - result->freed > result->peak) {
		result->peak = result->made - result->freed;
		result->peak_made = result->made;
	}
	ledger_change_end(&result->sequence);
	return id;
}

void ledger_free_result(struct ledger *ledger, uint32_t id)
{
	struct ledger_result *result = ledger_record(ledger, LEDGER_RESULTS, id);

	ledger_change_begin(&result->sequence);
	result->freed++;
	ledger_change_end(&result->sequence);
}

void ledger_lose_result(struct ledger *ledger)
{
	ledger->header->section[LEDGER_RESULTS].lost++;
}
