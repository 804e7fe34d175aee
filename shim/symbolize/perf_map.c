#include "symbolize/perf_map.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "symbolize/hexadecimal.h"
#include "symbolize/range_index.h"

/* Of a bigger file the beginning is read. */
#define PERF_MAP_BYTES_MAX ((size_t)256 << 20)

struct perf_map {
	char *text; /* names end with 0 in place */
	struct range_index functions; /* value: where in text the name is; rank: the line */
};

static int open_map(int32_t pid, uint32_t uid, size_t *ret_size)
{
	char path[64];
	struct stat status;
	int fd;

	snprintf(path, sizeof(path), "/tmp/perf-%d.map", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode) ||
	    (status.st_uid != geteuid() && status.st_uid != uid)) {
		close(fd);
		return -EPERM;
	}
	*ret_size = (size_t)status.st_size < PERF_MAP_BYTES_MAX ? (size_t)status.st_size
								: PERF_MAP_BYTES_MAX;
	return fd;
}

/* Returns how many of `size` bytes there are: the file may have changed. */
static size_t read_all(int fd, char *bytes, size_t size)
{
	size_t length = 0;

	while (length < size) {
		ssize_t got = read(fd, bytes + length, size - length);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		length += (size_t)got;
	}
	return length;
}

/* A line that is none is passed over. */
static int add_line(struct perf_map *map, const char *line, uint64_t rank)
{
	struct range range = { .rank = rank };
	const char *at = line;
	uint64_t size;

	if (!hexadecimal_read(&at, &range.low) || *at++ != ' ' ||
	    !hexadecimal_read(&at, &size) || *at++ != ' ' || !*at ||
	    __builtin_add_overflow(range.low, size, &range.high))
		return 0;
	range.value = (uint64_t)(at - map->text);
	return range_index_add(&map->functions, &range);
}

/* A last line without its end is still being written. */
static int add_lines(struct perf_map *map, size_t length)
{
	char *line = map->text;
	char *end;
	uint64_t rank = 0;

	while ((end = memchr(line, '\n', length - (size_t)(line - map->text)))) {
		int error;

		*end = 0;
		error = add_line(map, line, rank++);
		if (error)
			return error;
		line = end + 1;
	}
	range_index_sort(&map->functions);
	return 0;
}

struct perf_map *perf_map_new(int32_t pid, uint32_t uid)
{
	size_t size = 0;
	struct perf_map *map;
	int fd = open_map(pid, uid, &size);

	if (fd < 0)
		return NULL;
	map = calloc(1, sizeof(*map));
	if (map)
		map->text = malloc(size + 1);
	if (!map || !map->text || add_lines(map, read_all(fd, map->text, size)) != 0) {
		perf_map_free(map);
		map = NULL;
	}
	close(fd);
	return map;
}

void perf_map_free(struct perf_map *map)
{
	if (!map)
		return;
	range_index_finish(&map->functions);
	free(map->text);
	free(map);
}

const char *perf_map_find(const struct perf_map *map, uint64_t address)
{
	const struct range *range = range_index_find(&map->functions, address);

	return range ? map->text + range->value : NULL;
}
