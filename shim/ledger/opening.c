/* A ledger begins: where it is, how large, and its header. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/place.h"
#include "base/text.h"
#include "ledger/file.h"
#include "ledger/records.h"
#include "ledger/writer.h"

enum {
	LEDGER_SIZE_LEAST = 256 << 10,
	LEDGER_SHARE = 4 /* the part of what is left, where memory is limited */
};

static const struct {
	uint32_t record_size;
	uint32_t percent;
} sections[LEDGER_SECTION_COUNT] = {
#define SECTION(kind, record_size, percent) [kind] = { record_size, percent },
#include "ledger/sections.def"
#undef SECTION
};

static uint64_t page_floor(uint64_t size)
{
	return size / LEDGER_PAGE * LEDGER_PAGE;
}

/* Field 22 of /proc/self/stat; the command in field 2 may hold spaces and brackets. */
static uint64_t start_ticks_read(void)
{
	char stat[1024];
	int fd = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
	ssize_t length = fd < 0 ? -1 : read(fd, stat, sizeof(stat) - 1);
	uint64_t ticks = 0;

	if (fd >= 0)
		close(fd);
	if (length <= 0)
		return 0;
	stat[length] = 0;
	char *at = strrchr(stat, ')');

	for (int field = 2; at && field < 22; field++)
		at = strchr(at + 1, ' ');
	if (!at)
		return 0;
	at[1 + strcspn(at + 1, " ")] = 0;
	return text_read_unsigned(at + 1, &ticks) ? ticks : 0;
}

static void header_init(struct ledger_header *header, uint64_t size)
{
	uint64_t offset = LEDGER_PAGE;

	memcpy(header->magic, LEDGER_MAGIC, sizeof(header->magic));
	header->byte_order = LEDGER_BYTE_ORDER;
	header->version = LEDGER_VERSION;
	header->header_size = sizeof(*header);
	header->section_count = LEDGER_SECTION_COUNT;
	header->file_size = size;
	header->pid = getpid();
	header->parent_pid = getppid();
	header->uid = geteuid();
	header->process_start_ticks = start_ticks_read();
	header->started_at_ns = clock_monotonic_ns();
	header->started_at_realtime_ns = clock_realtime_ns();
	for (int i = 0; i < LEDGER_SECTION_COUNT; i++) {
		struct ledger_section *section = &header->section[i];

		section->record_size = sections[i].record_size;
		section->offset = offset;
		section->capacity = page_floor((size - LEDGER_PAGE) / 100 * sections[i].percent);
		/* In the smallest ledger, too; the shares are rounded down, so there is room. */
		if (!section->capacity)
			section->capacity = LEDGER_PAGE;
		offset += section->capacity;
	}
}

static int ledger_open_file(struct ledger *ledger, const char *dir_option, uint64_t size)
{
	char directory[PATH_MAX];
	int error = place_open(dir_option, directory);

	if (error)
		return error;
	ledger->header = file_map(directory, size, ledger->path, &error);
	if (!ledger->header)
		return error;
	error = file_reserve(ledger->header, ledger->path, 0, LEDGER_PAGE);
	if (error) {
		munmap(ledger->header, size);
		unlink(ledger->path);
		ledger->header = NULL;
	}
	return error;
}

static int ledger_open_sized(struct ledger *ledger, const char *dir_option, uint64_t size)
{
	int error = ledger_open_file(ledger, dir_option, size);

	ledger->dir_error = 0;
	if (error && *dir_option) {
		ledger->dir_error = -error;
		error = ledger_open_file(ledger, "", size);
	}
	if (error) {
		ledger->private_error = -error;
		ledger->path[0] = 0;
		ledger->header = memory_map(size);
	}
	if (!ledger->header)
		return -ENOMEM;
	ledger->is_private = error;
	header_init(ledger->header, size);
	return 0;
}

static bool address_space_is_limited(void)
{
	struct rlimit limit;

	return !getrlimit(RLIMIT_AS, &limit) && limit.rlim_cur != RLIM_INFINITY;
}

static bool fits(uint64_t size)
{
	void *memory = memory_map(size);

	memory_unmap(memory, size);
	return memory;
}

/* The host needs what is left more than we do; 0 when there is nothing to share. */
static uint64_t share_of_memory(uint64_t size_max)
{
	for (uint64_t size = size_max; size >= LEDGER_SIZE_LEAST; size /= 2) {
		if (fits(size * LEDGER_SHARE))
			return page_floor(size);
	}
	return fits(LEDGER_SIZE_LEAST) ? LEDGER_SIZE_LEAST : 0;
}

int ledger_open(struct ledger *ledger, const char *dir_option, uint64_t size_max,
		const char *command, const char *executable)
{
	int saved = errno, error = -ENOMEM;

	if (!address_space_is_limited())
		error = ledger_open_sized(ledger, dir_option, page_floor(size_max));
	if (error) {
		uint64_t size = share_of_memory(size_max);

		if (size)
			error = ledger_open_sized(ledger, dir_option, size);
	}
	errno = saved;
	if (error)
		return error;
	ledger->header->command = ledger_add_string(ledger, command, strlen(command));
	ledger->header->executable = ledger_add_string(ledger, executable, strlen(executable));
	errno = saved;
	return 0;
}
