#include "capture/libpq.h"

#include <assert.h>
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <string.h>

#include "base/memory.h"
#include "capture/callers.h"
#include "capture/gate.h"
#include "capture/notice.h"
#include "capture/loader.h"
#include "capture/objects.h"
#include "capture/scope.h"

enum { LIBPQ_MAX = 16 };

/* Readers of `libpqs` take no lock: rows are for good, and complete before the count
 * covers them. */
static struct {
	pthread_mutex_t lock;
	struct libpq libpqs[LIBPQ_MAX];
	size_t libpq_count;
	bool has_partial; /* some of `libpqs` is not complete; read without the lock */
} table = { .lock = PTHREAD_MUTEX_INITIALIZER };

static bool libpq_covers(const struct libpq *libpq, uintptr_t address)
{
	return address >= libpq->start && address < libpq->end;
}

bool libpq_is_nested(const struct libpq *libpq, uintptr_t return_address)
{
	return libpq_covers(libpq, return_address) || object_is_shim(return_address);
}

struct libpq *libpq_inside(uintptr_t address)
{
	size_t count = __atomic_load_n(&table.libpq_count, __ATOMIC_ACQUIRE);

	for (size_t i = 0; i < count; i++) {
		if (libpq_covers(&table.libpqs[i], address))
			return &table.libpqs[i];
	}
	return NULL;
}

/* Another library that was preloaded may wrap some of the calls: those that would reach
 * it without us still do. */
static void libpq_resolve(struct libpq *libpq, void *handle)
{
	bool is_global = libpq_covers(libpq, (uintptr_t)loader_dlsym(RTLD_NEXT, SCOPE_ANCHOR));

	libpq->flags = is_global ? LEDGER_MODULE_GLOBAL : 0;
	for (int call = 0; call < CALL_COUNT; call++) {
		const char *name = libpq_call_names[call];
		void *next = is_global ? scope_resolve(RTLD_NEXT, name) : NULL;

		libpq->call[call] = next ? next : scope_resolve(handle, name);
	}
#define LIBPQ_ACCESSOR(type, name, parameters) \
	libpq->name = (type(*) parameters)scope_resolve(handle, #name);
#include "capture/libpq_accessors.def"
#undef LIBPQ_ACCESSOR
	*(void **)&libpq->register_event_proc = scope_resolve(handle, "PQregisterEventProc");
}

static bool libpq_is_complete(const struct libpq *libpq)
{
#define LIBPQ_ACCESSOR(type, name, parameters) \
	if (!libpq->name)                      \
		return false;
#include "capture/libpq_accessors.def"
#undef LIBPQ_ACCESSOR
	return true;
}

/* The instance that `function` belongs to, made and pinned on first sight: Apache
 * unloads and reloads modules, and our pointers have to outlive that. NULL when it is
 * in no libpq, or in none that is whole where that is asked for. */
static struct libpq *libpq_make(void *function, struct object *scratch, bool is_to_be_complete)
{
	uintptr_t address = (uintptr_t)function;
	uint8_t index;
	struct libpq made = { 0 };
	struct libpq *libpq = libpq_inside(address);

	if (libpq)
		return libpq;
	if (!objects_cover(&address, 1, scratch, 1, &index))
		return NULL;
	void *handle = loader_real_dlopen()(scratch->is_main ? NULL : scratch->path,
					    RTLD_NOLOAD | RTLD_NODELETE | RTLD_LAZY);

	if (!handle)
		return NULL;
	made.start = scratch->start;
	made.end = scratch->end;
	libpq_resolve(&made, handle);
	if (object_is_initial(scratch))
		made.flags |= LEDGER_MODULE_LINKED;
	if (loader_was_deepbound(scratch->path))
		made.flags |= LEDGER_MODULE_DEEPBOUND;
	made.is_complete = libpq_is_complete(&made);
	if (is_to_be_complete && !made.is_complete)
		return NULL;
	made.version = made.is_complete ? made.PQlibVersion() : 0;

	pthread_mutex_lock(&table.lock);
	libpq = libpq_inside(address);
	if (!libpq && table.libpq_count < LIBPQ_MAX) {
		libpq = &table.libpqs[table.libpq_count];
		*libpq = made;
		if (!made.is_complete)
			__atomic_store_n(&table.has_partial, true, __ATOMIC_RELAXED);
		__atomic_store_n(&table.libpq_count, table.libpq_count + 1, __ATOMIC_RELEASE);
	}
	pthread_mutex_unlock(&table.lock);
	return libpq;
}

/* A function that is in no whole libpq is a wrapper's: of the global scope's libpq, if that
 * one's callers reach it. */
static struct libpq *libpq_of_function(void *function, enum libpq_call call,
				       struct object *scratch)
{
	struct libpq *libpq = libpq_make(function, scratch, true);
	void *anchor = libpq ? NULL : scope_resolve(RTLD_NEXT, SCOPE_ANCHOR);

	if (anchor)
		libpq = libpq_make(anchor, scratch, true);
	if (anchor && libpq && libpq->call[call] != function)
		libpq = NULL;
	return libpq ? libpq : libpq_make(function, scratch, false);
}

static void libpq_mark(struct libpq *libpq, uint32_t flag)
{
	__atomic_fetch_or(&libpq->flags, flag, __ATOMIC_RELAXED);
}

struct resolution {
	struct object caller, scratch[SCOPE_SCRATCH];
};
static_assert(sizeof(struct resolution) <= MEMORY_LENT_MAX, "the host's call needs it");

static struct libpq *caller_resolve(uintptr_t return_address, enum libpq_call call,
				    struct resolution *resolution)
{
	scope_read_caller(return_address, &resolution->caller);
	void *function = scope_of_caller(&resolution->caller, libpq_call_names[call],
					 resolution->scratch);
	struct libpq *libpq = function ? libpq_of_function(function, call, resolution->scratch) :
					 NULL;

	if (libpq && loader_was_deepbound(resolution->caller.path))
		libpq_mark(libpq, LEDGER_MODULE_DEEPBOUND);
	if (libpq && resolution->caller.end)
		callers_add(return_address, &resolution->caller, libpq);
	return libpq;
}

static struct libpq *libpq_look(uintptr_t return_address, enum libpq_call call)
{
	struct libpq *libpq;

	if (call < CALL_PQexec)
		callers_refresh(return_address);
	libpq = callers_find(return_address);
	/* Where a wrapper has some of libpq's functions, each is asked for by itself. */
	if (!libpq || !libpq->call[call] ||
	    __atomic_load_n(&table.has_partial, __ATOMIC_RELAXED)) {
		struct resolution *resolution = memory_lend(sizeof(*resolution));

		gate_enter();
		if (resolution)
			libpq = caller_resolve(return_address, call, resolution);
		gate_leave();
		memory_unmap(resolution, sizeof(*resolution));
	}
	return libpq && libpq->call[call] ? libpq : NULL;
}

struct libpq *libpq_find(uintptr_t return_address, enum libpq_call call)
{
	int error = errno;
	struct libpq *libpq = libpq_look(return_address, call);

	if (!libpq)
		notice_say(NOTICE_LIBPQ_MISSING, libpq_call_names[call], ENOENT);
	errno = error;
	return libpq;
}

struct libpq *libpq_before(uintptr_t return_address, enum libpq_call call)
{
	if (!__atomic_load_n(&table.has_partial, __ATOMIC_RELAXED))
		return NULL;
	int error = errno;
	struct libpq *libpq = libpq_look(return_address, call);

	errno = error;
	return libpq && !libpq->is_complete ? libpq : NULL;
}

struct libpq *libpq_asked_for(void *function, enum libpq_call call)
{
	int error = errno;
	struct libpq *libpq = libpq_inside((uintptr_t)function);

	if (!libpq) {
		struct object *scratch = memory_lend(SCOPE_SCRATCH * sizeof(*scratch));

		gate_enter();
		if (scratch)
			libpq = libpq_make(function, scratch, true);
		gate_leave();
		memory_unmap(scratch, SCOPE_SCRATCH * sizeof(*scratch));
	}
	if (libpq && libpq->call[call] != function)
		libpq = NULL;
	if (libpq)
		libpq_mark(libpq, LEDGER_MODULE_DLSYM);
	errno = error;
	return libpq;
}

struct libpq *libpq_in_slot(size_t slot)
{
	return &table.libpqs[slot];
}

size_t libpq_slot(const struct libpq *libpq)
{
	return (size_t)(libpq - table.libpqs);
}

void libpq_reset_lock(void)
{
	table.lock = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
	callers_reset_lock();
}
