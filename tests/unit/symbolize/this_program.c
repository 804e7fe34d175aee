#include "this_program.h"

#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>

static struct {
	uint64_t bias;
	uint8_t build_id[64];
	size_t build_id_length;
} self;

static void read_notes(const char *at, size_t size)
{
	const char *end = at + size;

	while (at + sizeof(ElfW(Nhdr)) < end) {
		const ElfW(Nhdr) *note = (const void *)at;
		const char *name = at + sizeof(*note);
		const char *bytes = name + ((note->n_namesz + 3u) & ~3u);

		if (note->n_type == NT_GNU_BUILD_ID && strcmp(name, "GNU") == 0) {
			self.build_id_length = note->n_descsz;
			memcpy(self.build_id, bytes, note->n_descsz);
		}
		at = bytes + ((note->n_descsz + 3u) & ~3u);
	}
}

static int read_first_object(struct dl_phdr_info *info, size_t size, void *data)
{
	(void)size;
	(void)data;
	self.bias = info->dlpi_addr;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *header = &info->dlpi_phdr[i];

		if (header->p_type == PT_NOTE)
			read_notes((const char *)(info->dlpi_addr + header->p_vaddr),
				   header->p_memsz);
	}
	return 1;
}

struct symbolizer_module this_program(void)
{
	static char path[PATH_MAX];

	assert_non_null(realpath("/proc/self/exe", path));
	dl_iterate_phdr(read_first_object, NULL);
	assert_true(self.build_id_length > 1);
	return (struct symbolizer_module){ .path = path, .build_id = self.build_id,
					   .build_id_length = self.build_id_length };
}

uint64_t this_program_offset(const void *function)
{
	dl_iterate_phdr(read_first_object, NULL);
	return (uint64_t)(uintptr_t)function - self.bias;
}

void this_program_copy(const char *path, uint64_t size)
{
	int in = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	int out = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0700);
	struct stat status;
	size_t left;

	assert_true(in >= 0 && out >= 0);
	assert_int_equal(fstat(in, &status), 0);
	for (left = size ? size : (size_t)status.st_size; left;) {
		ssize_t sent = sendfile(out, in, NULL, left);

		assert_true(sent > 0);
		left -= (size_t)sent;
	}
	close(in);
	close(out);
}
