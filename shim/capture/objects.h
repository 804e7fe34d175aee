/* The objects (executable and shared libraries) loaded in this process.
 *
 * dl_iterate_phdr takes the loader's list lock, not the lock that constructors of
 * plug-ins run under; still nothing here is called under a lock of ours.
 * Context: any thread; not async-signal-safe. Keeps errno.
 */
#ifndef CAPTURE_OBJECTS_H
#define CAPTURE_OBJECTS_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger/layout.h"

struct object {
	uintptr_t start, end; /* of its loaded segments */
	uintptr_t bias;
	size_t order;         /* in the loader's list: smaller was loaded earlier */
	bool is_main;
	char path[PATH_MAX];  /* as the loader has it; "" for the main program */
	uint32_t build_id_length;
	uint8_t build_id[LEDGER_BUILD_ID_MAX];
};

enum { OBJECT_NONE = 255 };

/* Finds the objects that cover `addresses`; fills at most `max` (< OBJECT_NONE)
 * `objects` and, for each address, its object's index or OBJECT_NONE. Returns how
 * many objects. */
size_t objects_cover(const uintptr_t *addresses, size_t count, struct object *objects,
		     size_t max, uint8_t *indexes);

/* The loaded objects whose file name begins with `prefix`. Returns how many of at
 * most `max` were filled. */
size_t objects_named(const char *prefix, struct object *objects, size_t max);

/* A number that changes with every dlopen and dlclose that loads or unloads. */
uint64_t objects_generation(void);

/* Was it loaded with the program, before any dlopen? */
bool object_is_initial(const struct object *object);

/* Is `address` in the shim itself, or in the one that was preloaded beside it? */
bool object_is_shim(uintptr_t address);

/* Of two shims that are preloaded, from two places, is this the first? Context: once, from
 * the shim's constructor. */
bool objects_shim_is_first(void);

/* Is `address` in the main program? */
bool object_is_main(uintptr_t address);

/* The full path of the object: the main program's from /proc/self/exe, since argv[0]
 * may be anything. `ret_path` has PATH_MAX bytes. */
void object_path(const struct object *object, char *ret_path);

#endif
