#include "ledger/records.h"

#include <string.h>

static size_t round_up_8(size_t size)
{
	return (size + 7) & ~(size_t)7;
}

/* A string or a stack is known by where it begins. */
static uint32_t next_offset_id(const struct ledger *ledger, enum ledger_section_kind kind)
{
	return (uint32_t)(ledger->header->section[kind].used / 8 + 1);
}

static uint32_t next_record_id(const struct ledger *ledger, enum ledger_section_kind kind)
{
	const struct ledger_section *section = &ledger->header->section[kind];

	return (uint32_t)(section->used / section->record_size + 1);
}

uint32_t ledger_hash(const void *bytes, size_t length)
{
	const unsigned char *at = bytes;
	uint64_t hash = length;

	while (length) {
		uint64_t word = 0;
		size_t step = length < 8 ? length : 8;

		memcpy(&word, at, step);
		hash = (hash ^ word) * 0x9e3779b97f4a7c15u;
		hash ^= hash >> 32;
		at += step;
		length -= step;
	}
	return (uint32_t)hash;
}

uint32_t ledger_append(struct ledger *ledger, enum ledger_section_kind kind, const void *record)
{
	const struct ledger_section *section = &ledger->header->section[kind];
	void *room = ledger_room(ledger, kind, section->record_size);

	if (!room)
		return 0;
	memcpy(room, record, section->record_size);
	ledger_publish(ledger, kind, section->record_size);
	return (uint32_t)(section->used / section->record_size);
}

uint32_t ledger_add_string(struct ledger *ledger, const char *text, size_t length)
{
	uint32_t hash = ledger_hash(text, length);
	size_t cursor = 0;
	uint32_t id;

	if (!length)
		return 0;
	if (length > UINT16_MAX) {
		ledger->header->section[LEDGER_STRINGS].lost++;
		return 0;
	}
	while ((id = index_next(&ledger->strings, hash, &cursor))) {
		const struct ledger_string *known = ledger_record(ledger, LEDGER_STRINGS, id);

		if (known->length == length && !memcmp(known + 1, text, length))
			return id;
	}
	size_t size = round_up_8(sizeof(struct ledger_string) + length + 1);
	struct ledger_string *string = ledger_room(ledger, LEDGER_STRINGS, size);

	if (!string)
		return 0;
	id = next_offset_id(ledger, LEDGER_STRINGS);
	string->length = (uint32_t)length;
	string->hash = hash;
	memcpy(string + 1, text, length);
	ledger_publish(ledger, LEDGER_STRINGS, size);
	index_add(&ledger->strings, hash, id);
	return id;
}

bool ledger_is_recent(const struct ledger *ledger, const char *text, const uint32_t *recent,
		      uint32_t *ret_id)
{
	uint32_t id = text && *text ? __atomic_load_n(recent, __ATOMIC_ACQUIRE) : 0;
	const struct ledger_string *last = id ? ledger_record(ledger, LEDGER_STRINGS, id) : NULL;

	if (text && *text && (!last || strcmp((const char *)(last + 1), text)))
		return false;
	*ret_id = id;
	return true;
}

uint32_t ledger_repeat_string(struct ledger *ledger, const char *text, uint32_t *recent)
{
	uint32_t id;

	if (ledger_is_recent(ledger, text, recent, &id))
		return id;
	id = ledger_add_string(ledger, text, strlen(text));
	__atomic_store_n(recent, id, __ATOMIC_RELEASE);
	return id;
}

/* Appends a copy of `record`, or finds the one that is equal in all its bytes. */
static uint32_t record_add(struct ledger *ledger, enum ledger_section_kind kind,
			   struct index *index, const void *record, size_t size)
{
	uint32_t hash = ledger_hash(record, size);
	size_t cursor = 0;
	uint32_t id;

	while ((id = index_next(index, hash, &cursor))) {
		if (!memcmp(ledger_record(ledger, kind, id), record, size))
			return id;
	}
	void *room = ledger_room(ledger, kind, size);

	if (!room)
		return 0;
	id = next_record_id(ledger, kind);
	memcpy(room, record, size);
	ledger_publish(ledger, kind, size);
	index_add(index, hash, id);
	return id;
}

uint32_t ledger_add_module(struct ledger *ledger, const struct ledger_module *module)
{
	return record_add(ledger, LEDGER_MODULES, &ledger->modules, module, sizeof(*module));
}

uint32_t ledger_add_frame(struct ledger *ledger, const struct ledger_frame *frame)
{
	return record_add(ledger, LEDGER_FRAMES, &ledger->frames, frame, sizeof(*frame));
}

uint32_t ledger_add_stack(struct ledger *ledger, uint32_t hash, const uint32_t *frames,
			  size_t count, enum ledger_stack_flag flags)
{
	size_t size = round_up_8(sizeof(struct ledger_stack) + count * sizeof(*frames));
	struct ledger_stack *stack = ledger_room(ledger, LEDGER_STACKS, size);

	if (!stack)
		return 0;
	uint32_t id = next_offset_id(ledger, LEDGER_STACKS);

	stack->hash = hash;
	stack->frame_count = (uint16_t)count;
	stack->flags = (uint16_t)flags;
	memcpy(stack + 1, frames, count * sizeof(*frames));
	ledger_publish(ledger, LEDGER_STACKS, size);
	return id;
}

/* Whether an inherited connection was handed over is told of each. */
static bool misuse_is_equal(const struct ledger_misuse *a, const struct ledger_misuse *b)
{
	return a->kind == b->kind && a->stack == b->stack &&
	       (!(a->connection.evidence & LEDGER_INHERITED) ||
		(a->connection.handle == b->connection.handle &&
		 a->connection.backend_pid == b->connection.backend_pid));
}

uint32_t ledger_add_misuse(struct ledger *ledger, const struct ledger_misuse *misuse)
{
	uint32_t count = next_record_id(ledger, LEDGER_MISUSES);

	for (uint32_t id = 1; id < count; id++) {
		struct ledger_misuse *known = ledger_record(ledger, LEDGER_MISUSES, id);

		if (misuse_is_equal(known, misuse)) {
			known->count += misuse->count;
			return id;
		}
	}
	struct ledger_misuse *room = ledger_room(ledger, LEDGER_MISUSES, sizeof(*room));

	if (!room)
		return 0;
	*room = *misuse;
	ledger_publish(ledger, LEDGER_MISUSES, sizeof(*room));
	return count;
}
