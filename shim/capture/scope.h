/* Which function would a name have meant without us, to whom?
 *
 * Context: any thread, no lock of ours held: the loader's are taken. A miss overwrites
 * dlerror().
 */
#ifndef CAPTURE_SCOPE_H
#define CAPTURE_SCOPE_H

#include "capture/objects.h"

/* A function that every libpq has, and nobody wraps. */
#define SCOPE_ANCHOR "PQlibVersion"

enum { SCOPE_SCRATCH = 4 };

/* `name` by a handle of dlopen, or RTLD_NEXT; NULL when it is not there, or is the shim's. */
void *scope_resolve(void *handle, const char *name);

/* Who calls from `return_address`: the main program where the code lies in no object, as
 * a JIT's and libffi's closures do. */
void scope_read_caller(uintptr_t return_address, struct object *ret_caller);

/* Is `name` in the scope of code at `return_address`? Keeps errno. */
bool scope_has(uintptr_t return_address, const char *name);

/* What `caller` is bound to; where there is nothing, what the only libpqs have that lie in
 * scopes of their own; or NULL. `scratch` has SCOPE_SCRATCH objects. */
void *scope_of_caller(const struct object *caller, const char *name, struct object *scratch);

#endif
