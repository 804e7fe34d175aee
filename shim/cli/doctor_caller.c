#include "cli/doctor_caller.h"

#include <fnmatch.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

enum {
	STACK_BYTES = 1 << 18, /* from the innermost frame on */
	STACK_PART = 1 << 12   /* a read beyond the stack's end gives what comes before it */
};

/* Stand between the caller and the system, and call for nobody but others. */
static const char *const bystanders[] = { "libc.so*", "libc-*.so", "libpthread*", "ld-musl-*",
					  "lib?san.so*", "libpqleak.so", "[*", "" };

static bool is_bystander(const char *path)
{
	for (size_t i = 0; i < sizeof(bystanders) / sizeof(bystanders[0]); i++) {
		if (!fnmatch(bystanders[i], path_name(path), 0))
			return true;
	}
	return false;
}

/* Fills in the stack pointer and the program counter. */
static bool registers_read(pid_t thread, uint64_t *ret_sp, uint64_t *ret_pc)
{
	char path[64], line[512] = "", *end, *last;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/syscall", (int)thread);
	file = fopen(path, "re");
	if (!file)
		return false;
	end = fgets(line, sizeof(line), file);
	fclose(file);
	last = end ? strrchr(line, ' ') : NULL;
	if (!last)
		return false;
	*ret_pc = strtoull(last, NULL, 16);
	*last = 0;
	last = strrchr(line, ' ');
	if (!last)
		return false;
	*ret_sp = strtoull(last, NULL, 16);
	return true;
}

static size_t stack_read(pid_t thread, uint64_t sp, uint64_t *ret_words)
{
	size_t size = 0;

	while (size < STACK_BYTES) {
		uint64_t at = sp + size, part = STACK_PART - at % STACK_PART;
		struct iovec remote = { (void *)(uintptr_t)at, part };
		struct iovec local = { (char *)ret_words + size, part };

		if (size + part > STACK_BYTES ||
		    process_vm_readv(thread, &local, 1, &remote, 1, 0) != (ssize_t)part)
			break;
		size += part;
	}
	return size / sizeof(*ret_words);
}

static void caller_look(struct caller *caller, const struct maps *maps, uint64_t address,
			const char *shim)
{
	const struct mapping *mapping = maps_find(maps, address);

	if (!mapping)
		return;
	if (!strcmp(mapping->path, shim))
		caller->is_through_shim = true;
	else if (!caller->path && !is_bystander(mapping->path))
		caller->path = mapping->path;
}

struct caller caller_find(pid_t thread, const struct maps *maps, const char *shim)
{
	struct caller caller = { 0 };
	uint64_t *words = malloc(STACK_BYTES), sp, pc;
	size_t count;

	if (words && registers_read(thread, &sp, &pc)) {
		caller_look(&caller, maps, pc, shim);
		count = stack_read(thread, sp, words);
		for (size_t i = 0; i < count && !(caller.path && caller.is_through_shim); i++)
			caller_look(&caller, maps, words[i], shim);
	}
	free(words);
	return caller;
}
