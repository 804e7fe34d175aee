#include "symbolize/unit.h"

#include <dwarf.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "symbolize/range_index.h"
#include "symbolize/source_paths.h"

/* The bytes are not ours: nesting deeper than this is damage, not code. */
enum { DIE_DEPTH_MAX = 128, INLINE_DEPTH_MAX = 64 };

struct unit {
	Dwarf_Die die;  /* has the lines and the files */
	Dwarf_Die tree; /* has the functions: the same, or the .dwo's */
	struct range_index functions; /* value: offset of the DIE; made at the first question */
	struct source_paths paths;
	bool is_indexed;
};

/* A function, then what is inlined into it, outermost first. */
struct inline_chain {
	Dwarf_Die dies[INLINE_DEPTH_MAX];
	size_t count;
};

struct unit *unit_new(const Dwarf_Die *die)
{
	struct unit *unit = calloc(1, sizeof(*unit));

	Dwarf_Attribute attribute;

	if (!unit)
		return NULL;
	unit->die = *die;
	unit->paths.directory =
		dwarf_formstring(dwarf_attr(&unit->die, DW_AT_comp_dir, &attribute));
	return unit;
}

void unit_free(struct unit *unit)
{
	if (!unit)
		return;
	range_index_finish(&unit->functions);
	source_paths_finish(&unit->paths);
	free(unit);
}

/* Moves on to the next sibling; damaged bytes may point back. */
static bool next_sibling(Dwarf_Die *die)
{
	Dwarf_Off before = dwarf_dieoffset(die);

	return dwarf_siblingof(die, die) == 0 && dwarf_dieoffset(die) > before;
}

/* Adds the ranges of a function; false when it has none, as a declaration. */
static bool add_function(struct unit *unit, Dwarf_Die *die, unsigned depth)
{
	Dwarf_Addr base, low, high;
	ptrdiff_t offset = 0;
	bool has_code = false;

	while ((offset = dwarf_ranges(die, offset, &base, &low, &high)) > 0) {
		struct range range = { .low = low, .high = high, .rank = depth };

		range.value = dwarf_dieoffset(die);
		/* The linker leaves functions it has dropped at 0. */
		if (low && range_index_add(&unit->functions, &range) == 0)
			has_code = true;
	}
	return has_code;
}

static void add_functions(struct unit *unit, Dwarf_Die *parent, unsigned depth)
{
	Dwarf_Die die;

	if (depth > DIE_DEPTH_MAX || dwarf_child(parent, &die) != 0)
		return;
	do {
		switch (dwarf_tag(&die)) {
		case DW_TAG_subprogram:
			if (add_function(unit, &die, depth))
				add_functions(unit, &die, depth + 1);
			break;
		/* Rust has functions in types, GNU C in blocks of others. */
		case DW_TAG_namespace:
		case DW_TAG_module:
		case DW_TAG_class_type:
		case DW_TAG_structure_type:
		case DW_TAG_union_type:
		case DW_TAG_enumeration_type:
		case DW_TAG_lexical_block:
			add_functions(unit, &die, depth + 1);
			break;
		default:
			break;
		}
	} while (next_sibling(&die));
}

static void index_functions(struct unit *unit)
{
	uint8_t type = DW_UT_compile;
	Dwarf_Die split = { 0 };

	unit->is_indexed = true;
	unit->tree = unit->die;
	if (dwarf_cu_info(unit->die.cu, NULL, &type, NULL, NULL, NULL, NULL, NULL) == 0 &&
	    type == DW_UT_skeleton &&
	    dwarf_cu_info(unit->die.cu, NULL, NULL, NULL, &split, NULL, NULL, NULL) == 0 &&
	    dwarf_tag(&split) == DW_TAG_compile_unit)
		unit->tree = split;
	add_functions(unit, &unit->tree, 0);
	range_index_sort(&unit->functions);
}

static bool has_address(Dwarf_Die *die, Dwarf_Addr address)
{
	switch (dwarf_tag(die)) {
	case DW_TAG_inlined_subroutine:
	case DW_TAG_lexical_block:
	case DW_TAG_try_block:
	case DW_TAG_catch_block:
	case DW_TAG_with_stmt:
		return dwarf_haspc(die, address) > 0;
	default:
		return false;
	}
}

/* Down from a function to the innermost block at `address`. This is the nesting
 * of the code; dwarf_getscopes would give that of the source. */
static void follow_inlined(struct inline_chain *chain, Dwarf_Addr address)
{
	Dwarf_Die parent = chain->dies[0];
	Dwarf_Die die;

	for (unsigned depth = 0; depth < DIE_DEPTH_MAX; depth++) {
		bool is_found = false;

		if (dwarf_child(&parent, &die) != 0)
			return;
		do {
			is_found = has_address(&die, address);
		} while (!is_found && next_sibling(&die));
		if (!is_found)
			return;
		if (dwarf_tag(&die) == DW_TAG_inlined_subroutine) {
			if (chain->count == INLINE_DEPTH_MAX)
				return;
			chain->dies[chain->count++] = die;
		}
		parent = die;
	}
}

static void find_chain(struct unit *unit, Dwarf_Addr address, struct inline_chain *chain)
{
	const struct range *range = range_index_find(&unit->functions, address);
	Dwarf *dwarf = dwarf_cu_getdwarf(unit->tree.cu);

	chain->count = 0;
	if (!range || !dwarf_offdie(dwarf, range->value, &chain->dies[0]))
		return;
	chain->count = 1;
	follow_inlined(chain, address);
}

static const char *function_name(Dwarf_Die *die)
{
	static const unsigned attributes[] = { DW_AT_linkage_name, DW_AT_MIPS_linkage_name };

	for (size_t i = 0; i < sizeof(attributes) / sizeof(*attributes); i++) {
		Dwarf_Attribute attribute;
		const char *name = dwarf_formstring(
			dwarf_attr_integrate(die, attributes[i], &attribute));

		/* Rust's newer mangling ("_R...") is beyond C++ demanglers. */
		if (name && strncmp(name, "_R", 2) != 0)
			return name;
	}
	return dwarf_diename(die);
}

static Dwarf_Word number(Dwarf_Die *die, unsigned name)
{
	Dwarf_Attribute attribute;
	Dwarf_Word value;

	if (dwarf_formudata(dwarf_attr(die, name, &attribute), &value) != 0)
		return 0;
	return value;
}

/* Where the code of an inlined function was called. */
static void read_call(struct unit *unit, Dwarf_Die *die, struct unit_location *caller)
{
	Dwarf_Word file = number(die, DW_AT_call_file);
	Dwarf_Word line = number(die, DW_AT_call_line);
	Dwarf_Files *files;
	size_t count;

	if (dwarf_getsrcfiles(&unit->die, &files, &count) == 0 && file < count)
		caller->file = source_paths_find(&unit->paths,
						 dwarf_filesrc(files, file, NULL, NULL));
	caller->line = line <= UINT32_MAX ? (uint32_t)line : 0;
}

static void read_line(struct unit *unit, Dwarf_Addr address, struct unit_location *location)
{
	Dwarf_Line *line = dwarf_getsrc_die(&unit->die, address);
	int line_number = 0;

	if (!line)
		return;
	location->file = source_paths_find(&unit->paths, dwarf_linesrc(line, NULL, NULL));
	if (dwarf_lineno(line, &line_number) == 0 && line_number > 0)
		location->line = (uint32_t)line_number;
}

size_t unit_find(struct unit *unit, Dwarf_Addr address, struct unit_location *locations,
		 size_t max)
{
	struct inline_chain chain;
	struct unit_location location = { 0 };
	size_t found = 0;

	if (!unit->is_indexed)
		index_functions(unit);
	find_chain(unit, address, &chain);
	read_line(unit, address, &location);
	while (chain.count) {
		Dwarf_Die *die = &chain.dies[--chain.count];

		location.function = function_name(die);
		locations[found < max ? found++ : max - 1] = location;
		location = (struct unit_location){ 0 };
		if (chain.count)
			read_call(unit, die, &location);
	}
	if (!found && location.file)
		locations[found++] = location;
	return found;
}
