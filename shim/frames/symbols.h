/* Exported symbols of the loaded objects, found without dlsym: a miss there
 * allocates a message and overwrites the host's dlerror(), and a plug-in's
 * libpython, opened RTLD_LOCAL, is not in its scope at all.
 */
#ifndef FRAMES_SYMBOLS_H
#define FRAMES_SYMBOLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct symbol {
	uintptr_t address;
	size_t size; /* bytes, as the object says */
};

/* Finds the definition of `name` in the object that was loaded first: the one that
 * counts, also where the main program holds a copy of a library's variable. Of a
 * thread-local variable, it is this thread's; false when this thread has none yet.
 * Context: any thread; takes the loader's lock, so not in a signal handler. Keeps errno. */
bool symbol_find(const char *name, struct symbol *ret);

/* The same, address only; 0 when there is none. */
uintptr_t symbol_address(const char *name);

/* The executable segment that `address` lies in. Context as symbol_find. */
bool symbol_code(uintptr_t address, struct symbol *ret);

/* How many objects were unloaded so far: while it stays, no address found here
 * has become invalid. */
unsigned long long symbols_unloaded(void);

/* Where an object is. What is unloaded has none; what is loaded later may get the same. */
struct symbol_home {
	uintptr_t start, end, map;
};

/* The home of the object that `address` lies in, without a lock; false when it lies in none,
 * or when the C library cannot say it that way (glibc before 2.35). Context: any. */
bool symbol_home_find(uintptr_t address, struct symbol_home *ret);

/* Is that the home of the object that `address` lies in now, without a lock? Never of one that
 * is all zero. Context: any. */
bool symbol_home_is(uintptr_t address, const struct symbol_home *home);

/* Can the C library say it? Context: any thread; takes the loader's lock when first called. */
bool symbols_have_homes(void);

/* The host is about to load an object, and how often it was so far. Context: any. */
void symbols_opening(void);
unsigned long symbols_openings(void);

#endif
