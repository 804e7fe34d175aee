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
	error = snapshot_init(&reader->snapshot, fd);
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

/* Fields 3 (state), 20 (threads) and 22 (start ticks) of /proc/PID/stat, counted
 * after the command, which may hold blanks and parentheses. */
bool reader_is_alive(const struct reader *reader)
{
	unsigned long long threads = 0, start_ticks = 0;
	char path[32], line[1024], state = 'X';
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
			     " %c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s"
			     " %llu %*s %llu", &state, &threads, &start_ticks) != 3)
		return false;
	if (start_ticks != reader->snapshot.header.process_start_ticks)
		return false;
	/* A zombie is gone, unless only its first thread is. */
	return (state != 'Z' && state != 'X') || threads > 1;
}
