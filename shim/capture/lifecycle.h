/* The ends of a process: exit, quick_exit, _exit, exec. */
#ifndef CAPTURE_LIFECYCLE_H
#define CAPTURE_LIFECYCLE_H

/* Registers for exit and quick_exit: the last handlers to run, after all destructors.
 * Context: constructor only. */
void lifecycle_init(void);

#endif
