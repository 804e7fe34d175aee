#include "capture/callers.h"

#include <pthread.h>

#include "frames/symbols.h"

enum { CALLER_MAX = 64 };

struct caller {
	uintptr_t start, end;
	struct symbol_home home; /* zero: not known */
	struct libpq *libpq;
};

/* Rows are used again: who has read them while `version` changed reads them again under
 * the lock. */
static struct {
	pthread_mutex_t lock;
	uint64_t version; /* odd while rows change */
	struct caller rows[CALLER_MAX];
	size_t count;
	uint64_t generation; /* of the loaded objects that they are true for */
	unsigned long openings; /* so many when that was looked at */
} table = { .lock = PTHREAD_MUTEX_INITIALIZER };

static void change_begin(void)
{
	__atomic_store_n(&table.version, table.version + 1, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_RELEASE);
}

static void change_end(void)
{
	__atomic_store_n(&table.version, table.version + 1, __ATOMIC_RELEASE);
}

static const struct caller *row_find(uintptr_t address)
{
	size_t count = __atomic_load_n(&table.count, __ATOMIC_RELAXED);

	for (size_t i = 0; i < count; i++) {
		const struct caller *row = &table.rows[i];

		if (address >= __atomic_load_n(&row->start, __ATOMIC_RELAXED) &&
		    address < __atomic_load_n(&row->end, __ATOMIC_RELAXED))
			return row;
	}
	return NULL;
}

static struct libpq *find(uintptr_t address)
{
	const struct caller *row = row_find(address);

	return row ? __atomic_load_n(&row->libpq, __ATOMIC_RELAXED) : NULL;
}

/* Without a lock: a row that is written meanwhile is looked at again, thoroughly. */
static bool is_at_home(uintptr_t address)
{
	uint64_t version = __atomic_load_n(&table.version, __ATOMIC_ACQUIRE);
	const struct caller *row = version & 1 ? NULL : row_find(address);

	if (!row || __atomic_load_n(&table.openings, __ATOMIC_RELAXED) != symbols_openings())
		return false;
	const struct symbol_home home = {
		.start = __atomic_load_n(&row->home.start, __ATOMIC_RELAXED),
		.end = __atomic_load_n(&row->home.end, __ATOMIC_RELAXED),
		.map = __atomic_load_n(&row->home.map, __ATOMIC_RELAXED),
	};
	bool is_same = symbol_home_is(address, &home);

	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return is_same && __atomic_load_n(&table.version, __ATOMIC_RELAXED) == version;
}

struct libpq *callers_find(uintptr_t address)
{
	uint64_t version = __atomic_load_n(&table.version, __ATOMIC_ACQUIRE);
	struct libpq *libpq = version & 1 ? NULL : find(address);

	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	if (libpq && __atomic_load_n(&table.version, __ATOMIC_RELAXED) == version)
		return libpq;
	pthread_mutex_lock(&table.lock);
	libpq = find(address);
	pthread_mutex_unlock(&table.lock);
	return libpq;
}

static void add_locked(uintptr_t address, const struct object *object, struct libpq *libpq)
{
	struct caller *row = &table.rows[table.count];
	struct symbol_home home;

	if (table.count == CALLER_MAX || find(object->start))
		return;
	if (!symbol_home_find(address, &home))
		home = (struct symbol_home){ 0 };
	change_begin();
	__atomic_store_n(&row->home.map, home.map, __ATOMIC_RELAXED);
	__atomic_store_n(&row->home.start, home.start, __ATOMIC_RELAXED);
	__atomic_store_n(&row->home.end, home.end, __ATOMIC_RELAXED);
	__atomic_store_n(&row->start, object->start, __ATOMIC_RELAXED);
	__atomic_store_n(&row->end, object->end, __ATOMIC_RELAXED);
	__atomic_store_n(&row->libpq, libpq, __ATOMIC_RELAXED);
	__atomic_store_n(&table.count, table.count + 1, __ATOMIC_RELAXED);
	change_end();
}

void callers_add(uintptr_t address, const struct object *object, struct libpq *libpq)
{
	pthread_mutex_lock(&table.lock);
	add_locked(address, object, libpq);
	pthread_mutex_unlock(&table.lock);
}

void callers_refresh(uintptr_t address)
{
	if (is_at_home(address))
		return;
	/* Before the look: what is loaded meanwhile makes the next one thorough. */
	unsigned long openings = symbols_openings();
	uint64_t generation = objects_generation();

	if (__atomic_load_n(&table.generation, __ATOMIC_ACQUIRE) == generation &&
	    __atomic_load_n(&table.openings, __ATOMIC_RELAXED) == openings)
		return;
	pthread_mutex_lock(&table.lock);
	change_begin();
	if (table.generation != generation)
		__atomic_store_n(&table.count, 0, __ATOMIC_RELAXED);
	__atomic_store_n(&table.openings, openings, __ATOMIC_RELAXED);
	change_end();
	/* Said only when it is done. */
	__atomic_store_n(&table.generation, generation, __ATOMIC_RELEASE);
	pthread_mutex_unlock(&table.lock);
}

/* The lock may have been another thread's, in the middle of a change. */
void callers_reset_lock(void)
{
	table.lock = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
	table.version += table.version & 1;
}
