/* What a file with code has of PostgreSQL: is it a libpq, does it contain one, or another
 * client of PostgreSQL?
 *
 * Files are known by their paths: looked into once, then remembered.
 */
#ifndef CLI_DOCTOR_OBJECT_H
#define CLI_DOCTOR_OBJECT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct object {
	char *path;
	bool is_read;         /* else nothing is known of it */
	bool is_program;      /* an executable, not a library */
	bool has_loader;      /* names a dynamic loader: without it nothing can be preloaded */
	bool is_libpq;        /* a library with libpq's functions for others */
	bool has_libpq;       /* libpq's code is inside, and nobody else can call it there */
	bool is_searched;     /* has_libpq and client are known */
	const char *client;   /* of the clients that are known by their text; NULL none */
	char *name;           /* DT_SONAME; NULL none */
	char **needed;        /* DT_NEEDED */
	size_t needed_count;
};

struct objects {
	struct object **items; /* kept by reference by those who ask */
	size_t count;
};

/* The object at `path` as process `pid` sees it, which may be gone. NULL only when out
 * of memory. Lives until objects_finish. */
struct object *objects_find(struct objects *objects, pid_t pid, const char *path);

/* Looks through the whole file, which takes 0.1 s for 100 MB: for a program, and for
 * what was seen to speak PostgreSQL. */
void object_search(struct object *object, pid_t pid);

void objects_finish(struct objects *objects);

/* As in the name libpq.so.5.15: 15; 0 unknown. */
int object_major(const struct object *object);

#endif
