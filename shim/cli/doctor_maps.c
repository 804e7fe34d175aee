#include "cli/doctor_maps.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static int maps_append(struct maps *maps, uint64_t start, uint64_t end, const char *path)
{
	struct mapping *more = reallocarray(maps->mappings, maps->count + 1, sizeof(*more));
	char *copy = strdup(path);

	if (more)
		maps->mappings = more;
	if (!more || !copy) {
		free(copy);
		return -ENOMEM;
	}
	maps->mappings[maps->count++] = (struct mapping){ start, end, copy };
	return 0;
}

/* The replaced file of a running program is the one that it runs. */
static void cut_deleted(char *path)
{
	static const char suffix[] = " (deleted)";
	size_t length = strlen(path), end = sizeof(suffix) - 1;

	if (length > end && strcmp(path + length - end, suffix) == 0)
		path[length - end] = 0;
}

static int maps_add_line(struct maps *maps, char *line)
{
	uint64_t start, end;
	char permissions[5] = "";
	int path = 0;

	line[strcspn(line, "\n")] = 0;
	if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s %*s %*s %*s %n", &start, &end, permissions,
		   &path) != 3 || strlen(permissions) != 4 || !path || start >= end)
		return 0;
	if (permissions[2] != 'x')
		return 0;
	cut_deleted(line + path);
	return maps_append(maps, start, end, line + path);
}

int maps_read(struct maps *maps, FILE *file)
{
	char *line = NULL;
	size_t size = 0;
	int error = 0;

	*maps = (struct maps){ 0 };
	while (!error && getline(&line, &size, file) >= 0)
		error = maps_add_line(maps, line);
	free(line);
	return error;
}

void maps_finish(struct maps *maps)
{
	for (size_t i = 0; i < maps->count; i++)
		free(maps->mappings[i].path);
	free(maps->mappings);
	*maps = (struct maps){ 0 };
}

const struct mapping *maps_find(const struct maps *maps, uint64_t address)
{
	size_t low = 0, high = maps->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (address >= maps->mappings[middle].end)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == maps->count || address < maps->mappings[low].start)
		return NULL;
	return &maps->mappings[low];
}

const char *path_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}
