/* Answers the calls that the filter holds up: looks at each, lets each pass.
 *
 * The answers must never end while a process is under the filter: its calls would wait,
 * or fail. So a second process, the heir, waits for the end of this one, and answers
 * until the last of them has ended; daemons and a `kill -9` of the doctor harm nobody.
 */
#ifndef CLI_DOCTOR_WATCH_H
#define CLI_DOCTOR_WATCH_H

#include "cli/doctor_heir.h"
#include "cli/doctor_patients.h"

struct watch {
	int listener;        /* of filter_install */
	struct heir heir;
	struct patients *patients;
	size_t unread;       /* calls that could not be looked at */
	pid_t unread_pid;    /* the first process with one */
};

/* Makes the heir. Before the first process is started, in a process that is under no
 * filter itself. Returns 0 or -Exxx. */
int watch_init(struct watch *watch, int listener, struct patients *patients);

/* Answers until `until` can be read. */
void watch_run(struct watch *watch, int until);

/* Leaves what still runs, unless all `is_over`, to the heir. */
void watch_finish(struct watch *watch, bool is_over);

#endif
