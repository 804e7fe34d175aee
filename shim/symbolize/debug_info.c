#include "symbolize/debug_info.h"

#include <dwarf.h>
#include <stdbool.h>
#include <stdlib.h>

#include "symbolize/range_index.h"

struct debug_info {
	struct unit **units;
	size_t count, capacity;
	struct range_index ranges; /* value: index of the unit */
};

void debug_info_free(struct debug_info *info)
{
	if (!info)
		return;
	for (size_t i = 0; i < info->count; i++)
		unit_free(info->units[i]);
	free(info->units);
	range_index_finish(&info->ranges);
	free(info);
}

static bool add_unit(struct debug_info *info, const Dwarf_Die *die)
{
	if (info->count == info->capacity) {
		size_t capacity = info->capacity ? 2 * info->capacity : 16;
		struct unit **units = reallocarray(info->units, capacity, sizeof(struct unit *));

		if (!units)
			return false;
		info->units = units;
		info->capacity = capacity;
	}
	info->units[info->count] = unit_new(die);
	if (!info->units[info->count])
		return false;
	info->count++;
	return true;
}

/* A unit that only holds what others import has no ranges and is left out. */
static bool add_ranges(struct debug_info *info, Dwarf_Die *die)
{
	Dwarf_Addr base, low, high;
	ptrdiff_t offset = 0;
	bool is_added = false;

	while ((offset = dwarf_ranges(die, offset, &base, &low, &high)) > 0) {
		struct range range = { .low = low, .high = high };

		if (!is_added && !add_unit(info, die))
			return false;
		is_added = true;
		/* Where units overlap, the smaller range is the more exact. */
		range.rank = UINT64_MAX - (high - low);
		range.value = info->count - 1;
		if (range_index_add(&info->ranges, &range) != 0)
			return false;
	}
	return true;
}

static bool add_units(struct debug_info *info, Dwarf *dwarf)
{
	Dwarf_CU *unit = NULL;
	Dwarf_Die die;
	uint8_t type;

	while (dwarf_get_units(dwarf, unit, &unit, NULL, &type, &die, NULL) == 0) {
		if (type != DW_UT_compile && type != DW_UT_skeleton)
			continue;
		if (!add_ranges(info, &die))
			return false;
	}
	range_index_sort(&info->ranges);
	return true;
}

struct debug_info *debug_info_new(Dwarf *dwarf)
{
	struct debug_info *info = calloc(1, sizeof(*info));

	if (info && !add_units(info, dwarf)) {
		debug_info_free(info);
		return NULL;
	}
	return info;
}

size_t debug_info_find(struct debug_info *info, Dwarf_Addr address,
		       struct unit_location *locations, size_t max)
{
	const struct range *range = range_index_find(&info->ranges, address);

	return range ? unit_find(info->units[range->value], address, locations, max) : 0;
}
