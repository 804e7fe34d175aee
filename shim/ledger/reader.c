#include "ledger/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ledger/damage.h"
#include "ledger/lookup.h"
#include "ledger/snapshot.h"

struct reader {
	char *path;
	struct snapshot snapshot;
	size_t damaged;
};

/* A ledger of somebody else's is 0600: say whose it is, not "permission denied". */
static enum reader_error open_error(const char *path)
{
	int error = errno;
	struct stat status;
	bool is_foreign = error == EACCES && lstat(path, &status) == 0 &&
			  S_ISREG(status.st_mode) && status.st_uid != geteuid();

	errno = error;
	return is_foreign ? READER_FOREIGN : READER_CANNOT_OPEN;
}

static int ledger_descriptor(const char *path)
{
	if (!strcmp(path, "-"))
		return fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
	/* O_NONBLOCK: a FIFO of that name must not hang us. */
	return open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
}

struct reader *reader_open(const char *path, enum reader_error *ret_error)
{
	struct reader *reader = calloc(1, sizeof(*reader));
	enum reader_error error = READER_CANNOT_OPEN;
	int fd = -1, saved;

	if (!reader || !(reader->path = strdup(path)))
		goto fail;
	fd = ledger_descriptor(path);
	if (fd < 0) {
		error = open_error(path);
		goto fail;
	}
	error = snapshot_init(&reader->snapshot, fd, SNAPSHOT_ALL);
	if (error)
		goto fail;
	close(fd);
	reader->damaged = damage_count(&reader->snapshot);
	return reader;
fail:
	saved = errno;
	if (fd >= 0)
		close(fd);
	reader_free(reader);
	errno = saved;
	*ret_error = error;
	return NULL;
}

void reader_free(struct reader *reader)
{
	if (!reader)
		return;
	snapshot_finish(&reader->snapshot);
	free(reader->path);
	free(reader);
}

const char *reader_error_text(enum reader_error error)
{
	switch (error) {
	case READER_OK:
		return "is a ledger";
	case READER_CANNOT_OPEN:
		return "cannot be read";
	case READER_NOT_A_LEDGER:
		return "is not a ledger";
	case READER_NEWER:
		return "was written by a newer pqleak";
	case READER_TRUNCATED:
		return "ends within its header";
	case READER_CORRUPT:
		return "is corrupt: its section table contradicts itself";
	case READER_FOREIGN:
		return "belongs to another user";
	}
	return "cannot be read";
}

const struct ledger_header *reader_header(const struct reader *reader)
{
	return &reader->snapshot.header;
}

const char *reader_path(const struct reader *reader)
{
	return reader->path;
}

size_t reader_count(const struct reader *reader, enum ledger_section_kind kind)
{
	if (kind == LEDGER_STRINGS || kind == LEDGER_STACKS || kind >= LEDGER_SECTION_COUNT)
		return 0;
	return reader->snapshot.section[kind].used / snapshot_record_size(kind);
}

size_t reader_damaged(const struct reader *reader)
{
	return reader->damaged;
}

const char *reader_string(const struct reader *reader, uint32_t id)
{
	const struct ledger_string *string = snapshot_string(&reader->snapshot, id);

	return string ? (const char *)(string + 1) : "";
}

const struct ledger_module *reader_module(const struct reader *reader, uint32_t id)
{
	return snapshot_record(&reader->snapshot, LEDGER_MODULES, id);
}

const struct ledger_frame *reader_frame(const struct reader *reader, uint32_t id)
{
	return snapshot_record(&reader->snapshot, LEDGER_FRAMES, id);
}

const struct ledger_pool *reader_pool(const struct reader *reader, uint32_t id)
{
	return snapshot_record(&reader->snapshot, LEDGER_POOLS, id);
}

const struct ledger_site *reader_site(const struct reader *reader, uint32_t id)
{
	return snapshot_record(&reader->snapshot, LEDGER_SITES, id);
}

const struct ledger_connection *reader_connection(const struct reader *reader, uint32_t id)
{
	return snapshot_record(&reader->snapshot, LEDGER_CONNECTIONS, id);
}

const struct ledger_ending *reader_ending(const struct reader *reader, uint32_t id)
{
	return snapshot_record(&reader->snapshot, LEDGER_ENDINGS, id);
}

const struct ledger_misuse *reader_misuse(const struct reader *reader, uint32_t id)
{
	return snapshot_record(&reader->snapshot, LEDGER_MISUSES, id);
}

const struct ledger_result *reader_result(const struct reader *reader, uint32_t id)
{
	return snapshot_record(&reader->snapshot, LEDGER_RESULTS, id);
}

bool reader_is_torn(const struct reader *reader, enum ledger_section_kind kind, uint32_t id)
{
	if (kind >= LEDGER_SECTION_COUNT || !reader->snapshot.section[kind].is_torn ||
	    !snapshot_record(&reader->snapshot, kind, id))
		return false;
	return reader->snapshot.section[kind].is_torn[id - 1];
}

struct reader_stack reader_stack(const struct reader *reader, uint32_t id)
{
	const struct ledger_stack *stack = snapshot_stack(&reader->snapshot, id);

	if (!stack)
		return (struct reader_stack){ 0 };
	return (struct reader_stack){
		.frames = (const uint32_t *)(stack + 1),
		.frame_count = stack->frame_count,
		.is_truncated = stack->flags & LEDGER_STACK_TRUNCATED,
	};
}

/* Fields 3, 9, 20 and 22 of /proc/PID/stat. */
struct process_stat {
	char state;
	unsigned flags;
	unsigned long long threads, start_ticks;
};

/* The fields are counted after the command, which may hold blanks and parentheses. False
 * also when the pid is another process's by now. */
static bool stat_read(const struct reader *reader, struct process_stat *ret_stat)
{
	struct process_stat *stat = ret_stat;
	char path[32], line[1024];
	const char *after;
	ssize_t length;
	int fd;

	if (reader->snapshot.header.pid <= 0)
		return false;
	snprintf(path, sizeof(path), "/proc/%d/stat", reader->snapshot.header.pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	length = read(fd, line, sizeof(line) - 1);
	close(fd);
	if (length <= 0)
		return false;
	line[length] = 0;
	after = strrchr(line, ')');
	if (!after || sscanf(after + 1,
			     " %c %*s %*s %*s %*s %*s %u %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s"
			     " %llu %*s %llu", &stat->state, &stat->flags, &stat->threads,
			     &stat->start_ticks) != 4)
		return false;
	return stat->start_ticks == reader->snapshot.header.process_start_ticks;
}

static bool is_zombie(const struct process_stat *stat)
{
	return stat->state == 'Z' || stat->state == 'X';
}

bool reader_is_alive(const struct reader *reader)
{
	struct process_stat stat;

	/* A zombie is gone, unless only its first thread is. */
	return stat_read(reader, &stat) && (!is_zombie(&stat) || stat.threads > 1);
}

bool reader_has_descriptors(const struct reader *reader)
{
	const unsigned exiting = 0x4; /* PF_EXITING of the kernel's sched.h */
	struct process_stat stat;

	return stat_read(reader, &stat) && !is_zombie(&stat) && !(stat.flags & exiting);
}

bool reader_is_current(const struct reader *reader, uint32_t connection)
{
	const struct ledger_section *section = &reader->snapshot.header.section[LEDGER_CONNECTIONS];
	const struct ledger_connection *record = reader_connection(reader, connection);
	int fd = record && strcmp(reader->path, "-") ? ledger_descriptor(reader->path) : -1;
	uint32_t sequence;

	if (fd < 0)
		return false;
	ssize_t got = pread(fd, &sequence, sizeof(sequence),
			    (off_t)(section->offset + (connection - 1ull) * section->record_size));

	close(fd);
	return got == sizeof(sequence) && sequence == record->sequence;
}
