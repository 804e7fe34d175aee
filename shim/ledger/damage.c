#include "ledger/damage.h"

#include "ledger/lookup.h"

static bool is_bad_record(const struct snapshot *snapshot, enum ledger_section_kind kind,
			  uint32_t id)
{
	return id && !snapshot_record(snapshot, kind, id);
}

static bool is_bad_string(const struct snapshot *snapshot, uint32_t id)
{
	return id && !snapshot_string(snapshot, id);
}

static bool is_bad_stack(const struct snapshot *snapshot, uint32_t id)
{
	return id && !snapshot_stack(snapshot, id);
}

static bool is_bad_connection(const struct snapshot *snapshot,
			      const struct ledger_connection *record)
{
	if (record->state == LEDGER_FREE)
		return false;
	return record->state > LEDGER_CLOSED_UNSEEN ||
	       record->transaction > LEDGER_TRANSACTION_LOST ||
	       is_bad_record(snapshot, LEDGER_SITES, record->site) ||
	       is_bad_record(snapshot, LEDGER_POOLS, record->pool) ||
	       is_bad_record(snapshot, LEDGER_MODULES, record->libpq) ||
	       is_bad_stack(snapshot, record->opened_stack) ||
	       is_bad_stack(snapshot, record->last_use_stack) ||
	       is_bad_stack(snapshot, record->begun_stack) ||
	       is_bad_stack(snapshot, record->closed_stack) ||
	       is_bad_stack(snapshot, record->transaction_max_stack) ||
	       is_bad_string(snapshot, record->called) || is_bad_string(snapshot, record->host) ||
	       is_bad_string(snapshot, record->port) || is_bad_string(snapshot, record->database) ||
	       is_bad_string(snapshot, record->user) ||
	       is_bad_string(snapshot, record->application_name);
}

static bool is_bad_ending(const struct snapshot *snapshot, const struct ledger_ending *record)
{
	return is_bad_record(snapshot, LEDGER_SITES, record->site) ||
	       is_bad_stack(snapshot, record->closed_stack) ||
	       is_bad_stack(snapshot, record->last_use_stack) ||
	       is_bad_stack(snapshot, record->begun_stack) ||
	       is_bad_string(snapshot, record->called);
}

static bool is_bad_module(const struct snapshot *snapshot, const struct ledger_module *record)
{
	return is_bad_string(snapshot, record->path) ||
	       record->build_id_length > LEDGER_BUILD_ID_MAX;
}

static bool is_bad_frame(const struct snapshot *snapshot, const struct ledger_frame *record)
{
	return record->language >= LEDGER_LANGUAGE_COUNT ||
	       is_bad_record(snapshot, LEDGER_MODULES, record->module) ||
	       is_bad_string(snapshot, record->function) || is_bad_string(snapshot, record->file);
}

static bool is_bad_pool(const struct snapshot *snapshot, const struct ledger_pool *record)
{
	return is_bad_string(snapshot, record->type) || is_bad_string(snapshot, record->library);
}

static bool is_bad_misuse(const struct snapshot *snapshot, const struct ledger_misuse *record)
{
	return is_bad_stack(snapshot, record->stack) ||
	       is_bad_stack(snapshot, record->other_stack) ||
	       is_bad_connection(snapshot, &record->connection);
}

static bool is_bad_site(const struct snapshot *snapshot, const struct ledger_site *record)
{
	return is_bad_stack(snapshot, record->opened_stack) ||
	       is_bad_stack(snapshot, record->transaction_max_stack) ||
	       record->history_count > LEDGER_HISTORY_MAX;
}

static bool is_bad_result(const struct snapshot *snapshot, const struct ledger_result *record)
{
	return record->kind >= LEDGER_RESULT_KIND_COUNT || is_bad_stack(snapshot, record->stack);
}

static bool is_bad(const struct snapshot *snapshot, enum ledger_section_kind kind,
		   const void *record)
{
	switch (kind) {
	case LEDGER_MODULES:
		return is_bad_module(snapshot, record);
	case LEDGER_FRAMES:
		return is_bad_frame(snapshot, record);
	case LEDGER_POOLS:
		return is_bad_pool(snapshot, record);
	case LEDGER_SITES:
		return is_bad_site(snapshot, record);
	case LEDGER_CONNECTIONS:
		return is_bad_connection(snapshot, record);
	case LEDGER_ENDINGS:
		return is_bad_ending(snapshot, record);
	case LEDGER_MISUSES:
		return is_bad_misuse(snapshot, record);
	case LEDGER_RESULTS:
		return is_bad_result(snapshot, record);
	case LEDGER_STRINGS: /* walked below: they are of no fixed size */
	case LEDGER_STACKS:
	case LEDGER_SECTION_COUNT:
		break;
	}
	return false;
}

static size_t units_of(size_t size)
{
	return (size + LEDGER_UNIT_BYTES - 1) / LEDGER_UNIT_BYTES;
}

/* Walks a section of strings. The first one that cannot be is the last: its
 * length does not tell where the next begins. */
static size_t damaged_strings(const struct snapshot *snapshot)
{
	size_t units = snapshot->section[LEDGER_STRINGS].used / LEDGER_UNIT_BYTES;

	for (size_t id = 1; id <= units;) {
		const struct ledger_string *string = snapshot_string(snapshot, (uint32_t)id);

		if (!string)
			return 1;
		id += 1 + units_of((size_t)string->length + 1);
	}
	return 0;
}

static bool has_unknown_frame(const struct snapshot *snapshot, const struct ledger_stack *stack)
{
	const uint32_t *frames = (const uint32_t *)(stack + 1);

	/* A frame that found no room is none, and counted as lost. */
	for (size_t i = 0; i < stack->frame_count; i++)
		if (is_bad_record(snapshot, LEDGER_FRAMES, frames[i]))
			return true;
	return false;
}

static size_t damaged_stacks(const struct snapshot *snapshot)
{
	size_t units = snapshot->section[LEDGER_STACKS].used / LEDGER_UNIT_BYTES;
	size_t damaged = 0;

	for (size_t id = 1; id <= units;) {
		const struct ledger_stack *stack = snapshot_stack(snapshot, (uint32_t)id);

		if (!stack)
			return damaged + 1;
		damaged += has_unknown_frame(snapshot, stack);
		id += 1 + units_of(stack->frame_count * sizeof(uint32_t));
	}
	return damaged;
}

static size_t damaged_records(const struct snapshot *snapshot, enum ledger_section_kind kind)
{
	const struct snapshot_section *section = &snapshot->section[kind];
	size_t count = section->used / snapshot_record_size(kind), damaged = 0;

	for (size_t i = 0; i < count; i++) {
		const void *record = snapshot_record(snapshot, kind, (uint32_t)(i + 1));

		damaged += (section->is_torn && section->is_torn[i]) ||
			   is_bad(snapshot, kind, record);
	}
	return damaged + section->missing;
}

size_t damage_count(const struct snapshot *snapshot)
{
	size_t damaged = damaged_strings(snapshot) + damaged_stacks(snapshot);

	for (int kind = 0; kind < LEDGER_SECTION_COUNT; kind++)
		damaged += damaged_records(snapshot, (enum ledger_section_kind)kind);
	return damaged;
}
