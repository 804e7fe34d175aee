#include "capture/callers.h"

#include <pthread.h>

enum { CALLER_MAX = 64 };

struct caller {
	uintptr_t start, end;
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

static struct libpq *find(uintptr_t address)
{
	size_t count = __atomic_load_n(&table.count, __ATOMIC_RELAXED);

	for (size_t i = 0; i < count; i++) {
		const struct caller *row = &table.rows[i];

		if (address >= __atomic_load_n(&row->start, __ATOMIC_RELAXED) &&
		    address < __atomic_load_n(&row->end, __ATOMIC_RELAXED))
			return __atomic_load_n(&row->libpq, __ATOMIC_RELAXED);
	}
	return NULL;
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

static void add_locked(const struct object *object, struct libpq *libpq)
{
	struct caller *row = &table.rows[table.count];

	if (table.count == CALLER_MAX || find(object->start))
		return;
	change_begin();
	__atomic_store_n(&row->start, object->start, __ATOMIC_RELAXED);
	__atomic_store_n(&row->end, object->end, __ATOMIC_RELAXED);
	__atomic_store_n(&row->libpq, libpq, __ATOMIC_RELAXED);
	__atomic_store_n(&table.count, table.count + 1, __ATOMIC_RELAXED);
	change_end();
}

void callers_add(const struct object *object, struct libpq *libpq)
{
	pthread_mutex_lock(&table.lock);
	add_locked(object, libpq);
	pthread_mutex_unlock(&table.lock);
}

void callers_refresh(void)
{
	uint64_t generation = objects_generation();

	/* Said only when it is done. */
	if (__atomic_load_n(&table.generation, __ATOMIC_ACQUIRE) == generation)
		return;
	pthread_mutex_lock(&table.lock);
	change_begin();
	__atomic_store_n(&table.count, 0, __ATOMIC_RELAXED);
	change_end();
	__atomic_store_n(&table.generation, generation, __ATOMIC_RELEASE);
	pthread_mutex_unlock(&table.lock);
}

/* The lock may have been another thread's, in the middle of a change. */
void callers_reset_lock(void)
{
	table.lock = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
	table.version += table.version & 1;
}
