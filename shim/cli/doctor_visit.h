/* The doctor's run of the program: its tree is started under the filter by a thread, and
 * watched by the caller, until it has ended.
 */
#ifndef CLI_DOCTOR_VISIT_H
#define CLI_DOCTOR_VISIT_H

#include "cli/doctor_patients.h"
#include "cli/process_tree.h"
#include "cli/workplace.h"

struct visit {
	struct workplace *workplace;
	char **program;
	struct patients *patients;
	/* Filled in: */
	struct process_tree tree;
	int start_error;       /* of process_tree_start */
	int watch_error;       /* 0, or why nothing could be watched: -Exxx */
	int status;            /* the program's, as a shell has it */
	bool is_over;          /* nothing of the tree runs any more */
	size_t unread;         /* calls that could not be looked at */
	pid_t unread_pid;
};

/* Returns 0, or -Exxx when no thread could be made. Caller: process_tree_finish. */
int visit_make(struct visit *visit);

#endif
