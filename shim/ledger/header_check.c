#include "ledger/header_check.h"

#include "ledger/snapshot.h"

enum { PAGE_BYTES = 4096 };

/* The most that ledger_max allows, and some room for its rounding. */
static const uint64_t used_max = (UINT64_C(4) << 30) + (UINT64_C(1) << 20);

static bool section_is_sane(const struct ledger_header *header, size_t kind)
{
	const struct ledger_section *entry = &header->section[kind];

	return entry->offset % PAGE_BYTES == 0 && entry->offset >= sizeof(*header) &&
	       entry->offset <= header->file_size &&
	       entry->capacity <= header->file_size - entry->offset &&
	       entry->used <= entry->capacity &&
	       entry->record_size == snapshot_record_size((enum ledger_section_kind)kind);
}

static bool sections_overlap(const struct ledger_section *one, const struct ledger_section *other)
{
	return one->offset < other->offset + other->capacity &&
	       other->offset < one->offset + one->capacity;
}

bool header_is_sane(const struct ledger_header *header)
{
	uint64_t used = 0;

	if (header->version == 0 || header->header_size != sizeof(*header) ||
	    header->section_count != LEDGER_SECTION_COUNT || header->file_size > INT64_MAX)
		return false;
	for (size_t i = 0; i < LEDGER_SECTION_COUNT; i++) {
		if (!section_is_sane(header, i))
			return false;
		used += header->section[i].used;
		if (used > used_max)
			return false;
		for (size_t j = 0; j < i; j++)
			if (sections_overlap(&header->section[i], &header->section[j]))
				return false;
	}
	return true;
}
