/* One ELF file on this machine, its symbols and its debug information, wherever
 * that is. The files are not trusted to be what they should be.
 */
#ifndef SYMBOLIZE_OBJECT_H
#define SYMBOLIZE_OBJECT_H

#include <stddef.h>
#include <stdint.h>

#include "symbolize/symbolizer.h"
#include "symbolize/unit.h"

struct object;

/* Opens the file of `module`, or, where that is gone or is another build, a debug file of the
 * recorded build-id. `debug_path` is libdwfl's, kept by reference. NULL only when out of
 * memory; an object without a file finds nothing and has a problem.
 * Caller frees with object_free. */
struct object *object_new(const struct symbolizer_module *module, char **debug_path);
void object_free(struct object *object);

/* One clause, or NULL. Lives as long as the object. */
const char *object_problem(const struct object *object);

/* As unit_find, `address` in p_vaddr terms. */
size_t object_find(struct object *object, uint64_t address, struct unit_location *locations,
		   size_t max);

/* The symbol that covers `address`, without a line; the debug information is not opened.
 * Returns 1, or 0 when there is none. */
size_t object_name(struct object *object, uint64_t address, struct unit_location *location);

#endif
