/* Who asked for the system call that a thread is waiting in: told from its stack.
 *
 * Only the stack pointer of a waiting thread can be had without stopping it, so the
 * stack is not unwound but searched for addresses of code.
 */
#ifndef CLI_DOCTOR_CALLER_H
#define CLI_DOCTOR_CALLER_H

#include <stdbool.h>
#include <sys/types.h>

#include "cli/doctor_maps.h"

struct caller {
	const char *path;     /* of the code that called libc, or the system itself; NULL unknown */
	bool is_through_shim; /* the shim is among its callers */
};

/* `thread` waits in a system call; `shim` is the shim's path. Strings are of `maps`. */
struct caller caller_find(pid_t thread, const struct maps *maps, const char *shim);

#endif
