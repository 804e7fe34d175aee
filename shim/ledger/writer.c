#include "ledger/writer.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "ledger/file.h"

enum { LEDGER_RESERVE_STEP = 64 << 10 };

void ledger_end(struct ledger *ledger, enum ledger_process_end end)
{
	struct ledger_header *header = ledger->header;

	if (!header)
		return;
	header->ended_at_ns = end == LEDGER_PROCESS_RUNNING ? 0 : clock_monotonic_ns();
	__atomic_store_n(&header->ended, end, __ATOMIC_RELEASE);
}

static bool bytes_write(int fd, const char *bytes, uint64_t size, uint64_t offset)
{
	while (size) {
		ssize_t written = pwrite(fd, bytes, size, (off_t)offset);

		if (written <= 0)
			return false;
		bytes += written;
		offset += (uint64_t)written;
		size -= (uint64_t)written;
	}
	return true;
}

int ledger_copy(const struct ledger *ledger)
{
	const struct ledger_header *header = ledger->header;
	const char *bytes = (const char *)header;
	int error = errno;

	if (!file_size_is_allowed(header->file_size))
		return -EFBIG;
	int fd = memfd_create("pqleak", MFD_CLOEXEC);
	bool is_whole = fd >= 0 && bytes_write(fd, bytes, LEDGER_PAGE, 0);

	for (int i = 0; is_whole && i < LEDGER_SECTION_COUNT; i++) {
		uint64_t offset = header->section[i].offset;

		is_whole = bytes_write(fd, bytes + offset, header->section[i].used, offset);
	}
	if (is_whole && ftruncate(fd, (off_t)header->file_size))
		is_whole = false;
	int result = is_whole ? fd : -errno;

	if (!is_whole && fd >= 0)
		close(fd);
	errno = error;
	return result;
}

void ledger_forget(struct ledger *ledger)
{
	if (ledger->header)
		munmap(ledger->header, ledger->header->file_size);
	index_finish(&ledger->strings);
	index_finish(&ledger->modules);
	index_finish(&ledger->frames);
	index_finish(&ledger->sites);
	index_finish(&ledger->pools);
	index_finish(&ledger->endings);
	index_finish(&ledger->lost_sites);
	index_finish(&ledger->results);
	memory_unmap(ledger->ended, ledger->ended_capacity * sizeof(*ledger->ended));
	memset(ledger, 0, sizeof(*ledger));
}

/* A copy taken while a record was being changed would stay odd: its writer's last word may
 * have gone to the file. */
static void connections_settle(const struct ledger_header *header, char *copy)
{
	const struct ledger_section *section = &header->section[LEDGER_CONNECTIONS];

	for (uint64_t at = 0; at < section->used; at += section->record_size)
		*(uint32_t *)(copy + section->offset + at) += copy[section->offset + at] & 1;
}

/* Goes on in private memory at the same address, so that every pointer stays good.
 * What the file has so far stays for `pqleak report`. */
static int ledger_make_private(struct ledger *ledger, int error)
{
	struct ledger_header *header = ledger->header;
	uint64_t size = header->file_size;
	char *copy = memory_map(size);

	if (!copy)
		return -ENOMEM;
	header->flags |= LEDGER_INCOMPLETE;
	memcpy(copy, header, LEDGER_PAGE);
	for (int i = 0; i < LEDGER_SECTION_COUNT; i++)
		memcpy(copy + header->section[i].offset,
		       (char *)header + header->section[i].offset, header->section[i].used);
	connections_settle(header, copy);
	if (mremap(copy, size, size, MREMAP_MAYMOVE | MREMAP_FIXED, header) == MAP_FAILED) {
		munmap(copy, size);
		return -ENOMEM;
	}
	ledger->is_private = true;
	ledger->private_error = -error;
	return 0;
}

static int section_reserve(struct ledger *ledger, enum ledger_section_kind kind, uint64_t end)
{
	struct ledger_section *section = &ledger->header->section[kind];
	uint64_t start = ledger->reserved[kind];
	uint64_t step = section->capacity - start;

	if (step > LEDGER_RESERVE_STEP)
		step = LEDGER_RESERVE_STEP;
	if (start + step < end)
		step = (end - start + LEDGER_PAGE - 1) / LEDGER_PAGE * LEDGER_PAGE;

	int error = ledger->is_private ? 0 : file_reserve(ledger->header, ledger->path,
							  section->offset + start, step);

	/* The last block may just fit where a whole step does not. */
	if (error && step > LEDGER_PAGE && start + LEDGER_PAGE >= end) {
		step = LEDGER_PAGE;
		error = file_reserve(ledger->header, ledger->path, section->offset + start, step);
	}
	if (error)
		error = ledger_make_private(ledger, error);
	if (!error)
		ledger->reserved[kind] = start + step;
	return error;
}

void *ledger_room(struct ledger *ledger, enum ledger_section_kind kind, size_t size)
{
	struct ledger_section *section = &ledger->header->section[kind];
	uint64_t end = section->used + size;
	int error = errno;
	bool has_room = end <= section->capacity &&
			(end <= ledger->reserved[kind] || !section_reserve(ledger, kind, end));

	errno = error;
	if (!has_room) {
		section->lost++;
		return NULL;
	}
	return (char *)ledger->header + section->offset + section->used;
}

void ledger_publish(struct ledger *ledger, enum ledger_section_kind kind, size_t size)
{
	uint64_t *used = &ledger->header->section[kind].used;

	__atomic_store_n(used, *used + size, __ATOMIC_RELEASE);
}

void *ledger_record(const struct ledger *ledger, enum ledger_section_kind kind, uint32_t id)
{
	const struct ledger_section *section = &ledger->header->section[kind];

	return (char *)ledger->header + section->offset + (uint64_t)section->record_size * (id - 1);
}

void ledger_change_begin(uint32_t *sequence)
{
	uint32_t before = __atomic_load_n(sequence, __ATOMIC_RELAXED);

	__atomic_store_n(sequence, (before + 1) | 1, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_RELEASE);
}

void ledger_change_end(uint32_t *sequence)
{
	uint32_t inside = __atomic_load_n(sequence, __ATOMIC_RELAXED);

	__atomic_store_n(sequence, (inside | 1) + 1, __ATOMIC_RELEASE);
}
