#include "frames/peek.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

/* No process has objects outside: the first page is never mapped (and no object
 * of an interpreter is near it), x86-64 faults on non-canonical addresses. */
#define ADDRESS_MIN ((uintptr_t)1 << 12)
#if defined(__x86_64__)
#define ADDRESS_END ((uintptr_t)1 << 47)
#else
#define ADDRESS_END ((uintptr_t)1 << 52)
#endif

/* Initial-exec: the first access in a thread must not allocate. */
static _Thread_local bool is_direct __attribute__((tls_model("initial-exec")));

void peek_set_guarded(bool is_guarded)
{
	is_direct = !is_guarded;
}

/* A kernel copies from the pipe's writer with the same check as from us. For
 * where seccomp forbids process_vm_readv. */
static bool read_through_pipe(uintptr_t address, void *ret, size_t size)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0)
		return false;

	size_t done = 0;

	while (done < size) {
		ssize_t count = write(ends[1], (const char *)address + done, size - done);

		if (count <= 0 || read(ends[0], (char *)ret + done, (size_t)count) != count)
			break;
		done += (size_t)count;
	}
	close(ends[0]);
	close(ends[1]);
	return done == size;
}

static bool read_guarded(uintptr_t address, void *ret, size_t size)
{
	struct iovec local = { .iov_base = ret, .iov_len = size };
	struct iovec remote = { .iov_base = (void *)address, .iov_len = size };
	int saved_errno = errno;
	ssize_t count = process_vm_readv(getpid(), &local, 1, &remote, 1, 0);
	bool is_read = count == (ssize_t)size;

	if (count < 0 && errno != EFAULT)
		is_read = read_through_pipe(address, ret, size);
	errno = saved_errno;
	return is_read;
}

/* Inlined, so that a word is read as one. */
static inline __attribute__((always_inline)) bool read_any(uintptr_t address, void *ret,
							   size_t size)
{
	if (address < ADDRESS_MIN || address >= ADDRESS_END || size > ADDRESS_END - address)
		return false;
	if (!is_direct)
		return read_guarded(address, ret, size);
	memcpy(ret, (const void *)address, size);
	return true;
}

bool peek(uintptr_t address, void *ret, size_t size)
{
	return read_any(address, ret, size);
}

uintptr_t peek_word(uintptr_t address)
{
	uintptr_t word;

	return read_any(address, &word, sizeof(word)) ? word : 0;
}

int32_t peek_int(uintptr_t address)
{
	int32_t value;

	return read_any(address, &value, sizeof(value)) ? value : 0;
}

uint8_t peek_byte(uintptr_t address)
{
	uint8_t byte;

	return read_any(address, &byte, sizeof(byte)) ? byte : 0;
}

void peek_window_init(struct peek_window *window, uintptr_t address, size_t size)
{
	window->next = address;
	window->left = size;
	window->count = 0;
	window->at = 0;
}

static bool window_fill(struct peek_window *window)
{
	size_t count = window->left < sizeof(window->bytes) ? window->left : sizeof(window->bytes);

	if (count == 0 || !peek(window->next, window->bytes, count))
		return false;
	window->next += count;
	window->left -= count;
	window->count = (uint8_t)count;
	window->at = 0;
	return true;
}

int peek_window_byte(struct peek_window *window)
{
	if (window->at == window->count && !window_fill(window))
		return -1;
	return window->bytes[window->at++];
}
