/* What a program that runs with the shim is given: the shim itself, and a directory of
 * that run's own for its ledgers, so that a report is of its tree alone.
 */
#ifndef CLI_WORKPLACE_H
#define CLI_WORKPLACE_H

#include <limits.h>
#include <stdbool.h>

#include "base/options.h"
#include "cli/ledgers.h"

struct workplace {
	const struct options *options;
	char shim[PATH_MAX];
	char directory[PATH_MAX]; /* "" when none could be made: each process reports for itself */
};

/* Finds the shim and makes the directory. Says what fails. Returns 0, or
 * STATUS_NOT_STARTED without a shim. */
int workplace_init(struct workplace *workplace, const struct options *options);

/* Sets the environment of the program: `workplace` is a struct workplace. Returns 0 or
 * -ENOMEM. Context: the forked child, before exec. */
int workplace_enter(void *workplace);

/* The program did not start: takes the directory away again. */
void workplace_abandon(const struct workplace *workplace);

/* Removes what is not needed any more: a process that still runs writes on, and one
 * that has not connected yet finds its place. Says what stays. */
void workplace_clean(const struct workplace *workplace, const char *program,
		     const struct ledgers *ledgers, bool is_over);

#endif
