/* libFuzzer: any bytes are a ledger to read and to report on, or are refused. */
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "analyze/analyze.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* The reader takes a path: a file in memory, the same for every input. */
static const char *input_write(const uint8_t *bytes, size_t size)
{
	static char path[64];
	static int fd = -1;

	if (fd < 0) {
		snprintf(path, sizeof(path), "/dev/shm/pqleak-fuzz-%d", getpid());
		fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	}
	if (fd < 0 || ftruncate(fd, 0) < 0 || pwrite(fd, bytes, size, 0) != (ssize_t)size)
		abort();
	return path;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	enum reader_error error;
	struct reader *reader = reader_open(input_write(bytes, size), &error);
	struct analysis_input input = { .readers = &reader, .reader_count = 1 };

	if (!reader)
		return 0;
	report_free(analyze(&input));
	reader_free(reader);
	return 0;
}
