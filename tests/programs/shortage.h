/* Takes from this process what it may have of descriptors, address space and processes, and tries
 * what is left. Words of faults.c.
 */
#ifndef SHORTAGE_H
#define SHORTAGE_H

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

static int limit(__rlimit_resource_t resource, rlim_t value)
{
	struct rlimit limit;

	getrlimit(resource, &limit);
	limit.rlim_cur = value;
	return setrlimit(resource, &limit);
}

/* So many more than are open now. */
static int do_descriptors(const char *more)
{
	int fd = dup(STDOUT_FILENO);

	close(fd);
	return limit(RLIMIT_NOFILE, (rlim_t)fd + (rlim_t)atoi(more));
}

static int do_address_space(const char *more_kib)
{
	unsigned long pages = 0;
	FILE *file = fopen("/proc/self/statm", "r");

	if (!file || fscanf(file, "%lu", &pages) != 1)
		return -1;
	fclose(file);
	return limit(RLIMIT_AS, pages * 4096 + strtoul(more_kib, NULL, 10) * 1024);
}

/* As a program does that needs much at once. */
static int do_map(const char *kib)
{
	size_t size = strtoul(kib, NULL, 10) * 1024;
	void *memory = malloc(size);

	free(memory);
	return memory ? (int)(size / 1024) : -1;
}

static int do_processes(const char *count)
{
	return limit(RLIMIT_NPROC, (rlim_t)atoi(count));
}

#endif
