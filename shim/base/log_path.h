/* The path of a report: PQLEAK_LOG with its %p, %e, %h and %t filled in.
 *
 * Context: any thread; no malloc, no stdio. Keeps errno.
 */
#ifndef BASE_LOG_PATH_H
#define BASE_LOG_PATH_H

#include <stdint.h>

struct log_path {
	int pid;             /* %p */
	const char *program; /* %e: its last component */
	uint64_t at_ns;      /* %t: CLOCK_REALTIME; as 20261122T161540, UTC */
};

/* %h is the host's name, %% a '%'. Returns 0 with the path in ret_path (PATH_MAX
 * bytes), -EINVAL for another letter after '%', or -ENAMETOOLONG. */
int log_path_format(const char *pattern, const struct log_path *values, char *ret_path);

#endif
