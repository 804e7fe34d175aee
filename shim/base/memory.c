#include "base/memory.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>

enum { RESERVE_COUNT = 4 };

/* Never touched where memory is not short. */
static _Alignas(64) char reserve[RESERVE_COUNT][MEMORY_LENT_MAX];
static bool is_lent[RESERVE_COUNT];

void *memory_map(size_t size)
{
	int error = errno;
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	errno = error;
	return memory == MAP_FAILED ? NULL : memory;
}

void *memory_lend(size_t size)
{
	void *memory = memory_map(size);

	for (int i = 0; !memory && i < RESERVE_COUNT && size <= MEMORY_LENT_MAX; i++) {
		if (!__atomic_exchange_n(&is_lent[i], true, __ATOMIC_ACQUIRE))
			memory = memset(reserve[i], 0, size);
	}
	return memory;
}

static bool reserve_take_back(const void *memory)
{
	for (int i = 0; i < RESERVE_COUNT; i++) {
		if (memory != reserve[i])
			continue;
		__atomic_store_n(&is_lent[i], false, __ATOMIC_RELEASE);
		return true;
	}
	return false;
}

void memory_unmap(void *memory, size_t size)
{
	int error = errno;

	if (memory && !reserve_take_back(memory))
		munmap(memory, size);
	errno = error;
}
