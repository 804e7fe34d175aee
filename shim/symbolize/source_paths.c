#include "symbolize/source_paths.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

struct source_path {
	const char *name;
	char *path;
	UT_hash_handle hh;
};

static void source_path_free(struct source_path *path)
{
	free(path->path);
	free(path);
}

void source_paths_finish(struct source_paths *paths)
{
	struct source_path *path, *next;

	HASH_ITER(hh, paths->paths, path, next) {
		HASH_DEL(paths->paths, path);
		source_path_free(path);
	}
}

static struct source_path *source_path_new(const char *directory, const char *name)
{
	struct source_path *path = calloc(1, sizeof(*path));
	const char *rest = name;

	if (!path)
		return NULL;
	while (strncmp(rest, "./", 2) == 0)
		rest += 2;
	path->name = name;
	if (asprintf(&path->path, "%s/%s", directory, rest) >= 0)
		return path;
	free(path);
	return NULL;
}

const char *source_paths_find(struct source_paths *paths, const char *name)
{
	struct source_path *path;

	/* Distributions map the directory to "." and the names with it. */
	if (!name || name[0] == '/' || !paths->directory || paths->directory[0] != '/')
		return name;
	HASH_FIND_PTR(paths->paths, &name, path);
	if (path)
		return path->path;
	path = source_path_new(paths->directory, name);
	if (!path)
		return name;
	HASH_ADD_PTR(paths->paths, name, path);
	if (!path->hh.tbl) {
		source_path_free(path);
		return name;
	}
	return path->path;
}
