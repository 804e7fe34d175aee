/* PQLEAK_SIGNAL: the report of the running process. */
#ifndef CAPTURE_SIGNAL_H
#define CAPTURE_SIGNAL_H

/* Takes `number` when the host has no handler for it and does not ignore it; else
 * leaves it alone and returns -EBUSY. Context: any thread. Keeps errno. */
int signal_take(int number);

#endif
