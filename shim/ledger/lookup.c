#include "ledger/lookup.h"

const void *snapshot_record(const struct snapshot *snapshot, enum ledger_section_kind kind,
			    uint32_t id)
{
	size_t size = snapshot_record_size(kind);

	if (id == 0 || id > snapshot->section[kind].used / size)
		return NULL;
	return snapshot->section[kind].bytes + (size_t)(id - 1) * size;
}

const struct ledger_string *snapshot_string(const struct snapshot *snapshot, uint32_t id)
{
	const struct snapshot_section *section = &snapshot->section[LEDGER_STRINGS];
	const struct ledger_string *string = snapshot_record(snapshot, LEDGER_STRINGS, id);
	size_t room;

	if (!string)
		return NULL;
	room = section->used - (size_t)(id - 1) * LEDGER_UNIT_BYTES - sizeof(*string);
	if (string->length >= room || ((const char *)(string + 1))[string->length] != 0)
		return NULL;
	return string;
}

const struct ledger_stack *snapshot_stack(const struct snapshot *snapshot, uint32_t id)
{
	const struct snapshot_section *section = &snapshot->section[LEDGER_STACKS];
	const struct ledger_stack *stack = snapshot_record(snapshot, LEDGER_STACKS, id);
	size_t room;

	if (!stack)
		return NULL;
	room = section->used - (size_t)(id - 1) * LEDGER_UNIT_BYTES - sizeof(*stack);
	return stack->frame_count * sizeof(uint32_t) <= room ? stack : NULL;
}
