#include "ledger/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "ledger/layout.h"

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23 /* Linux 5.14 */
#endif

bool file_size_is_allowed(uint64_t size)
{
	struct rlimit limit;

	return getrlimit(RLIMIT_FSIZE, &limit) || limit.rlim_cur == RLIM_INFINITY ||
	       size <= limit.rlim_cur;
}

static int file_create(const char *directory, char *ret_path)
{
	struct text path;
	uint64_t random;

	/* Without randomness O_EXCL still guards the name. */
	if (getrandom(&random, sizeof(random), GRND_NONBLOCK) != sizeof(random))
		random = clock_monotonic_ns();
	text_init(&path, ret_path, PATH_MAX);
	text_format(&path, "%s/%d-", directory, getpid());
	text_add_hex(&path, random, 16);
	text_add(&path, LEDGER_SUFFIX);
	if (path.is_cut)
		return -ENAMETOOLONG;
	int fd = open(ret_path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

	return fd < 0 ? -errno : fd;
}

void *file_map(const char *directory, uint64_t size, char *ret_path, int *ret_error)
{
	if (!file_size_is_allowed(size)) {
		*ret_error = -EFBIG;
		return NULL;
	}
	int fd = file_create(directory, ret_path);

	if (fd < 0) {
		*ret_error = fd;
		return NULL;
	}
	void *memory = MAP_FAILED;

	if (!ftruncate(fd, (off_t)size))
		memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd,
			      0);
	if (memory == MAP_FAILED) {
		*ret_error = -errno;
		unlink(ret_path);
	}
	close(fd);
	return memory == MAP_FAILED ? NULL : memory;
}

static int file_allocate(const char *path, uint64_t start, uint64_t size)
{
	int fd = open(path, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	int error = 0;

	if (fd < 0)
		return -errno;
	if (fallocate(fd, 0, (off_t)start, (off_t)size))
		error = -errno;
	close(fd);
	return error;
}

int file_reserve(void *memory, const char *path, uint64_t start, uint64_t size)
{
	/* Needs no descriptor, works after chroot and setuid, and gives an error where
	 * a store would raise SIGBUS (EFAULT, by which the kernel means no space). */
	if (!madvise((char *)memory + start, size, MADV_POPULATE_WRITE))
		return 0;
	if (errno == EINVAL)
		return file_allocate(path, start, size);
	return errno == EFAULT ? -ENOSPC : -errno;
}
