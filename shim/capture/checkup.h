/* The visit of `pqleak doctor` to a process that is about to end: see base/checkup.h. */
#ifndef CAPTURE_CHECKUP_H
#define CAPTURE_CHECKUP_H

/* Lets the doctor look at the process, when there is one; returns when it has.
 * Context: any thread, signal handlers, a vfork's child. Keeps errno. */
void checkup(void);

#endif
