#include "capture/scope.h"

#include <dlfcn.h>
#include <errno.h>
#include <string.h>

#include "base/memory.h"
#include "capture/gate.h"
#include "capture/loader.h"

static bool is_outside_shim(const void *function)
{
	return function && !object_is_shim((uintptr_t)function);
}

void *scope_resolve(void *handle, const char *name)
{
	void *function = loader_dlsym(handle, name);

	return is_outside_shim(function) ? function : NULL;
}

/* The function as `object` sees it through its own dependencies: a plug-in opened
 * RTLD_LOCAL has its libpq in no scope but this one. */
static void *in_scope_of(const struct object *object, const char *name)
{
	void *handle = loader_real_dlopen()(object->is_main ? NULL : object->path,
					    RTLD_NOLOAD | RTLD_LAZY);
	void *function = handle ? loader_dlsym(handle, name) : NULL;

	if (handle)
		dlclose(handle);
	return is_outside_shim(function) ? function : NULL;
}

static void *in_any_libpq(const char *name, struct object *objects)
{
	size_t count = objects_named("libpq", objects, SCOPE_SCRATCH);

	for (size_t i = 0; i < count; i++) {
		/* Another shim like ours is no libpq, whatever its name. */
		bool is_libpq = in_scope_of(&objects[i], SCOPE_ANCHOR);
		void *function = is_libpq ? in_scope_of(&objects[i], name) : NULL;

		if (function)
			return function;
	}
	return NULL;
}

static bool object_covers(const struct object *object, const void *function)
{
	return (uintptr_t)function >= object->start && (uintptr_t)function < object->end;
}

/* What `caller` is bound to. The global scope comes first for the loader, but only
 * with the libraries that were there when the caller was bound: of two candidates
 * the global one counts when it was loaded before the caller. */
static void *bound_to(const struct object *caller, const char *name, struct object *scratch)
{
	void *global = scope_resolve(RTLD_NEXT, name);
	void *local = in_scope_of(caller, name);
	uintptr_t address = (uintptr_t)global;
	uint8_t index;

	/* A wrapper like ours, which asked for the next one, did not mean itself; a libpq that
	 * calls its own exports does. */
	if (object_covers(caller, local) &&
	    !object_covers(caller, in_scope_of(caller, SCOPE_ANCHOR)))
		local = NULL;
	if (!global || !local || global == local)
		return local ? local : global;
	if (objects_cover(&address, 1, scratch, 1, &index) && scratch->order > caller->order)
		return local;
	return global;
}

void scope_read_caller(uintptr_t return_address, struct object *ret_caller)
{
	uint8_t index;

	if (objects_cover(&return_address, 1, ret_caller, 1, &index))
		return;
	memset(ret_caller, 0, sizeof(*ret_caller));
	ret_caller->is_main = true;
}

bool scope_has(uintptr_t return_address, const char *name)
{
	int error = errno;
	struct object *objects = memory_lend((1 + SCOPE_SCRATCH) * sizeof(*objects));
	bool is_there = false;

	gate_enter();
	if (objects) {
		scope_read_caller(return_address, objects);
		is_there = bound_to(objects, name, objects + 1);
	}
	gate_leave();
	memory_unmap(objects, (1 + SCOPE_SCRATCH) * sizeof(*objects));
	errno = error;
	return is_there;
}

void *scope_of_caller(const struct object *caller, const char *name, struct object *scratch)
{
	void *function = bound_to(caller, name, scratch);

	return function ? function : in_any_libpq(name, scratch);
}
