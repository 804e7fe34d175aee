#include "symbolize/source_paths.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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

/* Takes "." and "x/.." out of an absolute path. */
static void collapse(char *path)
{
	char *end = path;

	for (const char *at = path; *at;) {
		size_t length = strcspn(at + 1, "/");

		if (length == 2 && strncmp(at, "/..", 3) == 0) {
			while (end > path && *--end != '/')
				;
		} else if (length && !(length == 1 && at[1] == '.')) {
			memmove(end, at, 1 + length);
			end += 1 + length;
		}
		at += 1 + length;
	}
	*end = 0;
}

static bool is_same_file(const char *one, const char *other)
{
	struct stat a, b;

	return stat(one, &a) == 0 && stat(other, &b) == 0 && a.st_dev == b.st_dev &&
	       a.st_ino == b.st_ino;
}

/* "x/.." is not "." where x is a symbolic link: what exists decides. */
static char *collapsed(char *path)
{
	char *shorter = strdup(path);

	if (!shorter)
		return path;
	collapse(shorter);
	if (access(path, F_OK) == 0 && !is_same_file(path, shorter)) {
		free(shorter);
		return path;
	}
	free(path);
	return shorter;
}

static struct source_path *source_path_new(const char *directory, const char *name)
{
	struct source_path *path = calloc(1, sizeof(*path));
	bool is_full = name[0] == '/';

	if (!path)
		return NULL;
	path->name = name;
	if (asprintf(&path->path, "%s%s%s", is_full ? "" : directory, is_full ? "" : "/",
		     name) < 0) {
		free(path);
		return NULL;
	}
	path->path = collapsed(path->path);
	return path;
}

/* Distributions map the directory to "." and the names with it: these stay. */
static bool is_improvable(const struct source_paths *paths, const char *name)
{
	if (name[0] == '/')
		return strstr(name, "/./") || strstr(name, "/../");
	return paths->directory && paths->directory[0] == '/';
}

const char *source_paths_find(struct source_paths *paths, const char *name)
{
	struct source_path *path;

	if (!name || !is_improvable(paths, name))
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
