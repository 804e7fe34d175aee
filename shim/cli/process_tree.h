/* The program that `pqleak run` started, and all that descends from it.
 *
 * The companion is their subreaper: orphans become its children, and their ends
 * are noted. SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1 and SIGUSR2 from another
 * process are passed on to the program; those of the terminal reach it by
 * themselves. One tree a process.
 */
#ifndef CLI_PROCESS_TREE_H
#define CLI_PROCESS_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "analyze/analyze.h"

struct process_tree {
	pid_t pid;
	pid_t *strangers; /* children that the companion had already: a shell may exec it */
	size_t stranger_count;
	struct process_fate *fates;
	size_t fate_count;
};

/* Starts argv[0], searched in PATH. `prepare` runs in the child just before.
 * Returns 0; -Exxx when the child could not be made; or, positive, the error of
 * exec: nothing runs then. */
int process_tree_start(struct process_tree *tree, char **argv, int (*prepare)(void *context),
		       void *context);

/* Says in a line why process_tree_start failed with `error`. Returns the exit status that
 * tells it, as shells have it. */
int process_tree_say_error(const char *program, int error);

/* Waits for the program. Returns its status as a shell has it: 128 and the number
 * of the signal that ended it. */
int process_tree_wait(struct process_tree *tree);

/* Waits until all that descends from the program has ended, but a second at most:
 * what then still runs is a daemon. Returns whether all has ended. */
bool process_tree_settle(struct process_tree *tree);

void process_tree_finish(struct process_tree *tree);

#endif
