/* What a process has mapped to run: /proc/PID/maps, its executable parts.
 *
 * Paths are as the process has them; a mapping without a file has none.
 */
#ifndef CLI_DOCTOR_MAPS_H
#define CLI_DOCTOR_MAPS_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct mapping {
	uint64_t start, end;
	char *path; /* "" none; "[vdso]" */
};

struct maps {
	struct mapping *mappings; /* by address */
	size_t count;
};

/* Reads lines in the form of /proc/PID/maps; what is no such line is left out. Returns
 * 0 or -ENOMEM. Caller frees with maps_finish, also after an error. */
int maps_read(struct maps *maps, FILE *file);
void maps_finish(struct maps *maps);

/* The mapping that covers `address`, or NULL. */
const struct mapping *maps_find(const struct maps *maps, uint64_t address);

/* The last component of a path. */
const char *path_name(const char *path);

#endif
