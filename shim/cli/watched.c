#include "cli/watched.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/endings.h"

struct watched_slot {
	uint64_t serial;        /* 0 nothing was reported of its connection */
	uint64_t opened_at_ns;
	uint64_t begun_at_ns;   /* of the transaction that was reported; 0 none */
	uint32_t opened_stack, begun_stack;
	int32_t backend_pid;
	bool is_age_reported;
};

static int slots_extend(struct watched *watched, size_t count)
{
	struct watched_slot *more;

	if (count <= watched->slot_count)
		return 0;
	more = reallocarray(watched->slots, count, sizeof(*more));
	if (!more)
		return -ENOMEM;
	memset(more + watched->slot_count, 0, (count - watched->slot_count) * sizeof(*more));
	watched->slots = more;
	watched->slot_count = count;
	return 0;
}

static int over_add(struct watched *watched, const struct watched_slot *slot, bool is_transaction,
		    uint64_t ended_at_ns)
{
	struct after_all *more = reallocarray(watched->over, watched->over_count + 1,
					      sizeof(*more));

	if (!more)
		return -ENOMEM;
	watched->over = more;
	more[watched->over_count++] = (struct after_all){
		.is_transaction = is_transaction,
		.stack = is_transaction ? slot->begun_stack : slot->opened_stack,
		.backend_pid = slot->backend_pid,
		.lasted_ns = ended_at_ns - (is_transaction ? slot->begun_at_ns
							   : slot->opened_at_ns),
	};
	return 0;
}

/* The end of the process ends all: its report tells of that. */
static bool is_closed(const struct watched_slot *slot, const struct ledger_connection *record)
{
	return record->serial != slot->serial ||
	       (record->state == LEDGER_ENDED &&
		!(record->evidence & (LEDGER_FINALIZING | LEDGER_EXITING)));
}

static int over_find(struct watched *watched, struct watched_slot *slot,
		     const struct ledger_connection *record, uint64_t now_ns)
{
	int error = 0;

	if (!slot->serial)
		return 0;
	if (is_closed(slot, record)) {
		uint64_t ended_at_ns = record->serial == slot->serial ? record->ended_at_ns
								      : now_ns;

		error = over_add(watched, slot, false, ended_at_ns);
		*slot = (struct watched_slot){ 0 };
	} else if (slot->begun_at_ns && record->begun_at_ns != slot->begun_at_ns &&
		   record->state != LEDGER_ENDED) {
		error = over_add(watched, slot, true, now_ns);
		slot->begun_at_ns = 0;
		if (!slot->is_age_reported)
			slot->serial = 0;
	}
	return error;
}

static bool is_beyond(uint64_t since_ns, uint64_t limit_ns, uint64_t now_ns)
{
	return limit_ns && since_ns && now_ns > since_ns && now_ns - since_ns > limit_ns;
}

static void fresh_find(struct watched *watched, struct watched_slot *slot,
		       const struct ledger_connection *record, const struct options *options,
		       struct watched_turn turn, uint64_t now_ns)
{
	bool is_age = turn.is_age && !slot->is_age_reported &&
		      is_beyond(record->opened_at_ns, options->max_age_ns, now_ns);
	bool is_transaction =
		turn.is_transaction && !slot->begun_at_ns &&
		ending_in_transaction(record->transaction, record->begun_stack) &&
		is_beyond(record->begun_at_ns, options->max_transaction_ns, now_ns);

	if (record->state != LEDGER_OPEN || record->evidence & LEDGER_INHERITED ||
	    (!is_age && !is_transaction))
		return;
	slot->serial = record->serial;
	slot->opened_at_ns = record->opened_at_ns;
	slot->opened_stack = record->opened_stack;
	slot->backend_pid = record->backend_pid;
	if (is_age) {
		slot->is_age_reported = true;
		watched->fresh_age++;
	}
	if (is_transaction) {
		slot->begun_at_ns = record->begun_at_ns;
		slot->begun_stack = record->begun_stack;
		watched->fresh_transaction++;
	}
}

int watched_look(struct watched *watched, const struct snapshot *snapshot,
		 const struct options *options, struct watched_turn turn, uint64_t now_ns)
{
	const struct snapshot_section *section = &snapshot->section[LEDGER_CONNECTIONS];
	const struct ledger_connection *records = (const struct ledger_connection *)section->bytes;
	size_t count = section->used / sizeof(*records);
	int error = slots_extend(watched, count);

	watched->over_count = watched->fresh_age = watched->fresh_transaction = 0;
	for (size_t i = 0; !error && i < count; i++) {
		/* The writer was inside of it: the next look sees it. */
		if (section->is_torn[i])
			continue;
		error = over_find(watched, &watched->slots[i], &records[i], now_ns);
		fresh_find(watched, &watched->slots[i], &records[i], options, turn, now_ns);
	}
	return error;
}

void watched_finish(struct watched *watched)
{
	free(watched->slots);
	free(watched->over);
	*watched = (struct watched){ 0 };
}
