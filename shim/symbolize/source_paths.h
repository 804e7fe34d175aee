/* Full paths of one compilation unit's source files, whose names DWARF often has
 * relative to the directory the compiler ran in.
 */
#ifndef SYMBOLIZE_SOURCE_PATHS_H
#define SYMBOLIZE_SOURCE_PATHS_H

struct source_path;

/* All zero, but for the directory. */
struct source_paths {
	const char *directory; /* of the compiler; NULL unknown; kept by reference */
	struct source_path *paths;
};

void source_paths_finish(struct source_paths *paths);

/* The full path of `name` without "." and "..", which lives as long as `paths`, or `name`
 * itself when it is one, or when nothing better is known. `name` is known by its address and must
 * outlive `paths`. NULL is NULL. */
const char *source_paths_find(struct source_paths *paths, const char *name);

#endif
