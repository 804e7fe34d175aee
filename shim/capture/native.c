/* Only the local unwinder's names, whichever the architecture. */
#define UNW_LOCAL_ONLY
#include "capture/native.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <libunwind.h>
#include <sched.h>
#include <string.h>
#include <ucontext.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "capture/gate.h"
#include "capture/loader.h"
#include "capture/notice.h"
#include "capture/objects.h"
#include "capture/unwinder_pipe.h"

#define OPENING_PATIENCE_NS UINT64_C(50000000)
#define STRING_OF(name) #name
#define STRING(name) STRING_OF(name)

enum { NATIVE_MEMORY = 1 << 20 };

enum native_state { NATIVE_UNKNOWN, NATIVE_OPENING, NATIVE_READY, NATIVE_MISSING };

static struct {
	enum native_state state;
	int error;        /* errno for which it was not opened */
	bool is_used;     /* its pipe has been looked for */
	int (*backtrace)(void **pcs, int max);
	int (*init_local)(unw_cursor_t *cursor, unw_context_t *context);
	int (*step)(unw_cursor_t *cursor);
	int (*get_reg)(unw_cursor_t *cursor, int reg, unw_word_t *ret_value);
	int (*get_save_loc)(unw_cursor_t *cursor, int reg, unw_save_loc_t *ret_where);
	void (*flush_cache)(unw_addr_space_t space, unw_word_t low, unw_word_t high);
	unw_addr_space_t *local_space;
	uint64_t generation; /* of the loaded objects that the cache and `greenlet` know */
	struct {
		uintptr_t start, end;
	} greenlet; /* the extension module; 0 when it is not loaded */
} unwinder;

static bool native_resolve(void *handle)
{
	*(void **)&unwinder.backtrace = loader_dlsym(handle, "unw_backtrace");
	*(void **)&unwinder.init_local = loader_dlsym(handle, STRING(UNW_OBJ(init_local)));
	*(void **)&unwinder.step = loader_dlsym(handle, STRING(UNW_OBJ(step)));
	*(void **)&unwinder.get_reg = loader_dlsym(handle, STRING(UNW_OBJ(get_reg)));
	*(void **)&unwinder.get_save_loc = loader_dlsym(handle, STRING(UNW_OBJ(get_save_loc)));
	*(void **)&unwinder.flush_cache = loader_dlsym(handle, STRING(UNW_ARCH_OBJ(flush_cache)));
	if (!unwinder.flush_cache)
		*(void **)&unwinder.flush_cache =
			loader_dlsym(handle, STRING(UNW_OBJ(flush_cache)));
	unwinder.local_space = loader_dlsym(handle, STRING(UNW_OBJ(local_addr_space)));
	return unwinder.backtrace && unwinder.init_local && unwinder.step && unwinder.get_reg &&
	       unwinder.get_save_loc;
}

/* libunwind checks addresses by a pipe of its own, and has memory of its own: for want of
 * these a stack ends at once. Returns the errno, or 0 when nothing is wanting. */
static int native_want(void)
{
	void *memory = memory_map(NATIVE_MEMORY);
	int ends[2];

	memory_unmap(memory, NATIVE_MEMORY);
	if (!memory)
		return ENOMEM;
	if (pipe2(ends, O_CLOEXEC))
		return errno;
	close(ends[0]);
	close(ends[1]);
	return 0;
}

static enum native_state native_load(void)
{
	errno = 0;
	void *handle = dlopen("libunwind.so.8", RTLD_NOW | RTLD_LOCAL);

	unwinder.error = errno ? errno : ENOENT;
	if (handle && native_resolve(handle))
		return NATIVE_READY;
	/* There may be room at the next stack. */
	return native_want() ? NATIVE_UNKNOWN : NATIVE_MISSING;
}

bool native_open(void)
{
	enum native_state state = __atomic_load_n(&unwinder.state, __ATOMIC_ACQUIRE);
	int error = errno;

	if (state != NATIVE_UNKNOWN)
		return state == NATIVE_READY;
	gate_enter();
	/* Nobody waits: the opener may wait for the loader's lock, whose holder may be
	 * a plug-in's constructor that connects. */
	if (__atomic_compare_exchange_n(&unwinder.state, &state, NATIVE_OPENING, false,
					__ATOMIC_ACQUIRE, __ATOMIC_ACQUIRE)) {
		state = native_load();
		__atomic_store_n(&unwinder.state, state, __ATOMIC_RELEASE);
	}
	gate_leave();
	errno = error;
	return state == NATIVE_READY;
}

int native_missing_error(void)
{
	return __atomic_load_n(&unwinder.state, __ATOMIC_ACQUIRE) == NATIVE_MISSING ?
		       unwinder.error : 0;
}

/* The unwinder keeps what it learned of an address range; after a dlclose another
 * object may be there. */
static void native_refresh(void)
{
	uint64_t generation = objects_generation();

	if (__atomic_exchange_n(&unwinder.generation, generation, __ATOMIC_RELAXED) == generation)
		return;
	if (unwinder.flush_cache && unwinder.local_space)
		unwinder.flush_cache(*unwinder.local_space, 0, 0);
	struct object *greenlet = memory_map(sizeof(*greenlet));

	if (greenlet && objects_named("_greenlet", greenlet, 1)) {
		unwinder.greenlet.start = greenlet->start;
		unwinder.greenlet.end = greenlet->end;
	}
	memory_unmap(greenlet, sizeof(*greenlet));
}

/* Below greenlet's switch the parent's C stack has been overwritten: what the
 * unwinder finds there is left over, or garbage. */
static bool is_greenlet(uintptr_t pc)
{
	return pc >= unwinder.greenlet.start && pc < unwinder.greenlet.end;
}

static size_t native_trim(uintptr_t *pcs, size_t count, size_t first)
{
	size_t kept = 0;

	for (size_t i = first; i < count && pcs[i] && !is_greenlet(pcs[i]); i++)
		pcs[kept++] = pcs[i];
	return kept;
}

static int native_backtrace(uintptr_t *pcs, size_t max)
{
	gate_enter();
	unwinder_pipe_enter();
	int found = unwinder.backtrace((void **)pcs, (int)max);

	if (!__atomic_exchange_n(&unwinder.is_used, true, __ATOMIC_RELAXED))
		unwinder_pipe_find(*(void **)&unwinder.backtrace);
	unwinder_pipe_leave();
	gate_leave();
	return found;
}

/* No program has a stack of one frame; ours has when libunwind lacks what it needs. */
static void native_look_for_want(void)
{
	int error = native_missing_error() ? 0 : native_want();

	if (!error)
		return;
	/* It will make its pipe when it can. */
	__atomic_store_n(&unwinder.is_used, false, __ATOMIC_RELAXED);
	notice_say(NOTICE_UNWINDER_STARVED, "libunwind", error);
}

/* Another thread is opening it: a pool's threads all connect at once when it starts. Not
 * for long: see native_open. */
static bool native_await(void)
{
	uint64_t until_ns = clock_monotonic_ns() + OPENING_PATIENCE_NS;
	enum native_state state;

	while ((state = __atomic_load_n(&unwinder.state, __ATOMIC_ACQUIRE)) == NATIVE_OPENING &&
	       clock_monotonic_ns() < until_ns)
		sched_yield();
	return state == NATIVE_READY;
}

size_t native_walk(uintptr_t return_address, uintptr_t *pcs, size_t max, bool *ret_is_truncated)
{
	size_t count = 0, first = 0;
	int error = errno;

	*ret_is_truncated = false;
	if (native_open() || native_await()) {
		native_refresh();
		int found = native_backtrace(pcs, max + NATIVE_OWN_MAX);

		count = found > 0 ? (size_t)found : 0;
		while (first < count && object_is_shim(pcs[first]))
			first++;
		*ret_is_truncated = count - first > max;
		if (*ret_is_truncated)
			count = first + max;
		count = native_trim(pcs, count, first);
	}
	if (!count)
		pcs[count++] = return_address;
	if (count == 1 && max > 1)
		native_look_for_want();
	errno = error;
	return count;
}

static struct native_pointers pointers_of(unw_cursor_t *cursor)
{
	unw_word_t sp = 0, frame = 0;
	unw_save_loc_t where = { .type = UNW_SLT_NONE };

	unwinder.get_reg(cursor, UNW_REG_SP, &sp);
#ifdef __x86_64__
	if (unwinder.get_reg(cursor, UNW_X86_64_RBP, &frame) ||
	    unwinder.get_save_loc(cursor, UNW_X86_64_RBP, &where))
		frame = 0;
#endif
	return (struct native_pointers){
		.stack = sp,
		.frame = frame,
		.frame_at = where.type == UNW_SLT_MEMORY ? where.u.addr : 0,
	};
}

static void pointers_fill(unw_context_t *context, const uintptr_t *pcs, size_t count,
			  struct native_pointers *pointers)
{
	unw_cursor_t cursor;
	size_t at = 0;

	if (unwinder.init_local(&cursor, context))
		return;
	do {
		unw_word_t pc = 0;

		unwinder.get_reg(&cursor, UNW_REG_IP, &pc);
		if (pc == pcs[at])
			pointers[at++] = pointers_of(&cursor);
		else if (at)
			return; /* the two walks differ: no pointer is better than a wrong one */
	} while (at < count && unwinder.step(&cursor) > 0);
}

void native_walk_pointers(const uintptr_t *pcs, size_t count, struct native_pointers *pointers)
{
	int error = errno;
	unw_context_t context;

	memset(pointers, 0, count * sizeof(*pointers));
	if (__atomic_load_n(&unwinder.state, __ATOMIC_ACQUIRE) != NATIVE_READY)
		return;
#ifdef __x86_64__
	/* libunwind's own is a symbol of the library; its type is libc's here. */
	getcontext(&context);
#else
	unw_getcontext(&context);
#endif
	gate_enter();
	unwinder_pipe_enter();
	pointers_fill(&context, pcs, count, pointers);
	unwinder_pipe_leave();
	gate_leave();
	errno = error;
}
