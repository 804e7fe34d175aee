#include "ledger/snapshot.h"

#include <errno.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ledger/header_check.h"

enum {
	PIECE_BYTES = 64 << 10,
	RETRIES_A_RECORD = 200,  /* a writer is inside for well under a microsecond */
	RETRIES_A_LEDGER = 20000 /* a hostile file may say "inside" everywhere */
};

static const struct {
	uint32_t record_size;
	bool is_updated; /* begins with `sequence` */
} section_rule[LEDGER_SECTION_COUNT] = {
	[LEDGER_STRINGS] = { LEDGER_UNIT_BYTES, false },
	[LEDGER_MODULES] = { sizeof(struct ledger_module), false },
	[LEDGER_FRAMES] = { sizeof(struct ledger_frame), false },
	[LEDGER_STACKS] = { LEDGER_UNIT_BYTES, false },
	[LEDGER_POOLS] = { sizeof(struct ledger_pool), true },
	[LEDGER_SITES] = { sizeof(struct ledger_site), true },
	[LEDGER_CONNECTIONS] = { sizeof(struct ledger_connection), true },
	[LEDGER_ENDINGS] = { sizeof(struct ledger_ending), true },
	[LEDGER_MISUSES] = { sizeof(struct ledger_misuse), false },
	[LEDGER_RESULTS] = { sizeof(struct ledger_result), true },
};

/* Copies what the file has. A mapping would be quicker, but a file that somebody
 * truncates under it is a SIGBUS; pread sees a MAP_SHARED writer's stores as well. */
static size_t file_copy(int fd, void *bytes, size_t size, uint64_t offset)
{
	size_t done = 0;

	while (done < size) {
		ssize_t got = pread(fd, (char *)bytes + done, size - done,
				    (off_t)(offset + done));

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		done += (size_t)got;
	}
	return done;
}

static uint32_t record_sequence(const unsigned char *record)
{
	uint32_t sequence;

	memcpy(&sequence, record, sizeof(sequence));
	return sequence;
}

/* Copies one record between two equal even readings of its sequence. */
static bool record_copy_again(int fd, uint64_t offset, unsigned char *record, size_t size,
			      unsigned *retries_left)
{
	for (unsigned retry = 0; retry < RETRIES_A_RECORD && *retries_left; retry++) {
		uint32_t before, after;

		(*retries_left)--;
		if (file_copy(fd, &before, sizeof(before), offset) != sizeof(before))
			return false;
		atomic_thread_fence(memory_order_acquire);
		if (file_copy(fd, record, size, offset) != size)
			return false;
		atomic_thread_fence(memory_order_acquire);
		if (file_copy(fd, &after, sizeof(after), offset) != sizeof(after))
			return false;
		if (before == after && before % 2 == 0)
			return true;
		sched_yield();
	}
	return false;
}

/* Bytes of a section that both the writer has published and the file has. */
static int section_measure(struct snapshot_section *section, const struct ledger_section *entry,
			   uint64_t file_size)
{
	uint64_t there = file_size > entry->offset ? file_size - entry->offset : 0;
	uint64_t used = entry->used < there ? entry->used : there;

	used -= used % entry->record_size;
	section->missing = (size_t)((entry->used - used) / entry->record_size);
	section->used = (size_t)used;
	section->bytes = malloc(section->used ? section->used : 1);
	return section->bytes ? 0 : -ENOMEM;
}

/* The file can shrink between fstat and pread. */
static void section_shrink(struct snapshot_section *section, size_t got, size_t record_size)
{
	got -= got % record_size;
	if (got >= section->used)
		return;
	section->missing += (section->used - got) / record_size;
	section->used = got;
}

static int section_read(struct snapshot_section *section, int fd,
			const struct ledger_section *entry, uint64_t file_size)
{
	int error = section_measure(section, entry, file_size);

	if (error)
		return error;
	section_shrink(section, file_copy(fd, section->bytes, section->used, entry->offset),
		       entry->record_size);
	return 0;
}

/* Copies what the file has, beside what was there before and after. Returns the bytes that all
 * three have. */
static size_t piece_copy(int fd, uint64_t offset, unsigned char *bytes, size_t size,
			 unsigned char *before, unsigned char *after)
{
	size_t least = file_copy(fd, before, size, offset), got;

	atomic_thread_fence(memory_order_acquire);
	got = file_copy(fd, bytes, size, offset);
	least = got < least ? got : least;
	atomic_thread_fence(memory_order_acquire);
	got = file_copy(fd, after, size, offset);
	return got < least ? got : least;
}

/* Reads records that the writer may be inside of. In bulk first: when the
 * sequences read before and after the copy are equal and even, nobody was inside
 * while it was made, whatever the order in which the kernel copies bytes. In pieces
 * that stay in the processor's cache. */
static int section_read_updated(struct snapshot_section *section, int fd,
				const struct ledger_section *entry, uint64_t file_size,
				unsigned *retries_left)
{
	int error = section_measure(section, entry, file_size);
	size_t size = entry->record_size, count = section->used / size;
	size_t piece = PIECE_BYTES / size * size;
	unsigned char *before = malloc(piece), *after = malloc(piece);

	section->is_torn = calloc(count ? count : 1, sizeof(*section->is_torn));
	if (error || !before || !after || !section->is_torn) {
		error = -ENOMEM;
		goto out;
	}
	for (size_t at = 0; at < section->used; at += piece) {
		size_t left = section->used - at, wanted = left < piece ? left : piece;
		size_t got = piece_copy(fd, entry->offset + at, section->bytes + at, wanted,
					before, after) / size * size;

		for (size_t i = 0; i < got; i += size) {
			uint32_t sequence = record_sequence(before + i);

			if (sequence % 2 == 0 && sequence == record_sequence(after + i))
				continue;
			section->is_torn[(at + i) / size] =
				!record_copy_again(fd, entry->offset + at + i,
						   section->bytes + at + i, size, retries_left);
		}
		if (got < wanted)
			section_shrink(section, at + got, size);
	}
out:
	free(before);
	free(after);
	return error;
}

static enum reader_error header_read(int fd, struct ledger_header *header)
{
	size_t got;

	memset(header, 0, sizeof(*header));
	got = file_copy(fd, header, sizeof(*header), 0);
	if (memcmp(header->magic, LEDGER_MAGIC,
		   got < sizeof(header->magic) ? got : sizeof(header->magic)) != 0)
		return READER_NOT_A_LEDGER;
	if (got < offsetof(struct ledger_header, header_size))
		return READER_TRUNCATED;
	if (header->byte_order != LEDGER_BYTE_ORDER)
		return READER_NOT_A_LEDGER;
	if (header->version > LEDGER_VERSION)
		return READER_NEWER;
	if (got < sizeof(*header))
		return READER_TRUNCATED;
	return READER_OK;
}

static unsigned kinds_of(bool is_updated)
{
	unsigned kinds = 0;

	for (unsigned i = 0; i < LEDGER_SECTION_COUNT; i++)
		if (section_rule[i].is_updated == is_updated)
			kinds |= 1u << i;
	return kinds;
}

static enum reader_error snapshot_fill(struct snapshot *snapshot, int fd, unsigned kinds)
{
	unsigned retries_left = RETRIES_A_LEDGER;
	enum reader_error error = header_read(fd, &snapshot->header);
	struct stat status;
	uint64_t file_size;

	if (error)
		return error;
	if (fstat(fd, &status) < 0)
		return READER_CANNOT_OPEN;
	file_size = (uint64_t)status.st_size;
	if (!header_is_sane(&snapshot->header))
		return READER_CORRUPT;
	atomic_thread_fence(memory_order_acquire);
	for (size_t i = 0; i < LEDGER_SECTION_COUNT; i++) {
		struct snapshot_section *section = &snapshot->section[i];
		const struct ledger_section *entry = &snapshot->header.section[i];
		int failed;

		if (!(kinds & 1u << i))
			continue;
		failed = section_rule[i].is_updated
			? section_read_updated(section, fd, entry, file_size, &retries_left)
			: section_read(section, fd, entry, file_size);
		if (failed) {
			errno = -failed;
			return READER_CANNOT_OPEN;
		}
	}
	return READER_OK;
}

enum reader_error snapshot_init(struct snapshot *snapshot, int fd, unsigned kinds)
{
	struct stat status;
	enum reader_error error;

	if (fstat(fd, &status) < 0)
		return READER_CANNOT_OPEN;
	if (!S_ISREG(status.st_mode))
		return READER_NOT_A_LEDGER;
	if (status.st_uid != geteuid() && geteuid() != 0)
		return READER_FOREIGN;

	/* What is updated refers to what is appended, never the other way round:
	 * with a second, later look at `used` every id in the first part is covered. */
	error = snapshot_fill(snapshot, fd, kinds & kinds_of(true));
	if (error)
		return error;
	return snapshot_fill(snapshot, fd, kinds & kinds_of(false));
}

void snapshot_finish(struct snapshot *snapshot)
{
	for (size_t i = 0; i < LEDGER_SECTION_COUNT; i++) {
		free(snapshot->section[i].bytes);
		free(snapshot->section[i].is_torn);
	}
}

size_t snapshot_record_size(enum ledger_section_kind kind)
{
	return section_rule[kind].record_size;
}
