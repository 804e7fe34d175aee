#include "base/memory.h"

#include <errno.h>
#include <sys/mman.h>

void *memory_map(size_t size)
{
	int error = errno;
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	errno = error;
	return memory == MAP_FAILED ? NULL : memory;
}

void memory_unmap(void *memory, size_t size)
{
	int error = errno;

	if (memory)
		munmap(memory, size);
	errno = error;
}
