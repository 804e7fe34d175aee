/* All DWARF units of one object, by address.
 *
 * The index is made from the units' own ranges: clang writes no .debug_aranges,
 * and assemblers' are incomplete.
 */
#ifndef SYMBOLIZE_DEBUG_INFO_H
#define SYMBOLIZE_DEBUG_INFO_H

#include <elfutils/libdw.h>
#include <stddef.h>

#include "symbolize/unit.h"

struct debug_info;

/* Keeps `dwarf` by reference. NULL only when out of memory.
 * Caller frees with debug_info_free. */
struct debug_info *debug_info_new(Dwarf *dwarf);
void debug_info_free(struct debug_info *info);

/* As unit_find. `address` is one of the DWARF's own. */
size_t debug_info_find(struct debug_info *info, Dwarf_Addr address,
		       struct unit_location *locations, size_t max);

#endif
