#include "capture/unwinder_pipe.h"

#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DESCRIPTOR_MAX = 1 << 20 };

static struct {
	int users;   /* threads inside libunwind; -1 while its pipe is being closed */
	int *ends;   /* libunwind's variable: reading end, writing end; NULL unknown */
} pipe_state;

void unwinder_pipe_enter(void)
{
	int users = __atomic_load_n(&pipe_state.users, __ATOMIC_RELAXED);

	for (;;) {
		if (users < 0) {
			sched_yield();
			users = __atomic_load_n(&pipe_state.users, __ATOMIC_RELAXED);
		} else if (__atomic_compare_exchange_n(&pipe_state.users, &users, users + 1, true,
						       __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) {
			return;
		}
	}
}

static void ends_close(int *ends)
{
	int error = errno;
	int none = 0;

	/* The last one out; whoever comes in now waits for two system calls. */
	if (__atomic_load_n(&ends[0], __ATOMIC_RELAXED) < 0 ||
	    !__atomic_compare_exchange_n(&pipe_state.users, &none, -1, false,
							__ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
		return;
	if (ends[0] >= 0) {
		close(ends[0]);
		close(ends[1]);
		ends[0] = -1;
		ends[1] = -1;
	}
	__atomic_store_n(&pipe_state.users, 0, __ATOMIC_RELEASE);
	errno = error;
}

void unwinder_pipe_leave(void)
{
	int *ends = __atomic_load_n(&pipe_state.ends, __ATOMIC_ACQUIRE);

	if (!__atomic_sub_fetch(&pipe_state.users, 1, __ATOMIC_RELEASE) && ends)
		ends_close(ends);
}

static bool end_is(int fd, int mode, struct stat *ret_status)
{
	int flags = fcntl(fd, F_GETFL);

	return flags >= 0 && (flags & O_ACCMODE) == mode && flags & O_NONBLOCK &&
	       fcntl(fd, F_GETFD) == FD_CLOEXEC && !fstat(fd, ret_status) &&
	       S_ISFIFO(ret_status->st_mode);
}

static bool is_pipe(const int *ends)
{
	struct stat reading, writing;

	if (ends[0] < 0 || ends[1] < 0 || ends[0] == ends[1] || ends[0] > DESCRIPTOR_MAX ||
	    ends[1] > DESCRIPTOR_MAX)
		return false;
	return end_is(ends[0], O_RDONLY, &reading) && end_is(ends[1], O_WRONLY, &writing) &&
	       reading.st_dev == writing.st_dev && reading.st_ino == writing.st_ino;
}

struct search {
	uintptr_t function;
	int *found;
	size_t count;
};

static void search_segment(struct search *search, uintptr_t start, size_t size)
{
	int *at = (int *)start, *end = (int *)(start + size);

	for (; at + 1 < end; at++) {
		if (!is_pipe(at))
			continue;
		search->found = at;
		search->count++;
	}
}

static int search_object(struct dl_phdr_info *info, size_t size, void *data)
{
	struct search *search = data;
	bool is_unwinder = false;

	(void)size;
	for (size_t i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *header = &info->dlpi_phdr[i];

		if (header->p_type == PT_LOAD &&
		    search->function - info->dlpi_addr - header->p_vaddr < header->p_memsz)
			is_unwinder = true;
	}
	for (size_t i = 0; is_unwinder && i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *header = &info->dlpi_phdr[i];

		if (header->p_type == PT_LOAD && header->p_flags & PF_W)
			search_segment(search, info->dlpi_addr + header->p_vaddr, header->p_memsz);
	}
	return is_unwinder;
}

void unwinder_pipe_find(const void *function)
{
	int error = errno;
	struct search search = { .function = (uintptr_t)function };

	dl_iterate_phdr(search_object, &search);
	/* Two candidates would be one too many. */
	if (search.count == 1)
		__atomic_store_n(&pipe_state.ends, search.found, __ATOMIC_RELEASE);
	errno = error;
}

void unwinder_pipe_reset(void)
{
	pipe_state.users = 0;
}
