#include "capture/plain_counts.h"

#include "capture/plain_report.h"

uint32_t plain_count(const struct ledger *ledger, enum ledger_section_kind kind)
{
	const struct ledger_section *section = &ledger->header->section[kind];

	return (uint32_t)(__atomic_load_n(&section->used, __ATOMIC_ACQUIRE) / section->record_size);
}

uint64_t plain_count_unseen(const struct ledger *ledger)
{
	uint32_t connections = plain_count(ledger, LEDGER_CONNECTIONS);
	uint64_t count = 0;

	for (uint32_t i = 1; i <= connections; i++) {
		const struct ledger_connection *connection =
			ledger_record(ledger, LEDGER_CONNECTIONS, i);

		count += connection->state == LEDGER_CLOSED_UNSEEN;
	}
	return count;
}

uint64_t plain_less(uint64_t number, uint64_t other)
{
	return number > other ? number - other : 0;
}

uint64_t plain_count_lost(const struct ledger *ledger)
{
	uint64_t lost = 0;

	for (int i = 0; i < LEDGER_SECTION_COUNT; i++)
		lost += ledger->header->section[i].lost;
	return lost;
}

bool plain_misuse_is_told(const struct ledger_misuse *misuse)
{
	return misuse->kind != LEDGER_MISUSE_INHERITED_USE &&
	       !(misuse->connection.evidence & LEDGER_OWNER_GONE);
}

bool plain_report_is_failing(const struct ledger *ledger)
{
	for (uint32_t id = 1; id <= plain_count(ledger, LEDGER_MISUSES); id++) {
		if (plain_misuse_is_told(ledger_record(ledger, LEDGER_MISUSES, id)))
			return true;
	}
	return plain_less(ledger->header->open, plain_count_unseen(ledger)) > 0;
}
