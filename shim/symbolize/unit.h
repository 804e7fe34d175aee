/* One compilation unit of DWARF: its functions by address, what was inlined into
 * them, and its lines. Split units (.dwo) are read through their skeleton.
 */
#ifndef SYMBOLIZE_UNIT_H
#define SYMBOLIZE_UNIT_H

#include <elfutils/libdw.h>
#include <stddef.h>
#include <stdint.h>

struct unit;

/* One level of a call chain that the compiler folded into one function. Texts
 * live as long as the unit. */
struct unit_location {
	const char *function; /* mangled, NULL unknown */
	const char *file;     /* NULL unknown */
	uint32_t line;        /* 0 unknown */
};

/* `die` is the unit's own, the skeleton's for a split one. NULL only when out of
 * memory. Caller frees with unit_free, before the Dwarf ends. */
struct unit *unit_new(const Dwarf_Die *die);
void unit_free(struct unit *unit);

/* Fills locations, innermost first, and returns how many: each but the last is
 * inlined into the next. When there are more than `max`, the outermost stays and
 * those before it are left out. The first may have no function, only a
 * line, where the unit is assembly; 0 when nothing is known. */
size_t unit_find(struct unit *unit, Dwarf_Addr address, struct unit_location *locations,
		 size_t max);

#endif
