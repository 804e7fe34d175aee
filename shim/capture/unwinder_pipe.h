/* Closes the pipe that libunwind keeps open.
 *
 * libunwind tests addresses by writing from them into a pipe of its own, which it makes
 * at its first use (mem_validate_pipe, static in Ginit.c). Left open it is two
 * descriptors that the host did not have; and once a daemon has closed all and got
 * the numbers again, libunwind would read from and write to the host's files.
 * After each use the pipe is closed and libunwind's variable set to -1, at which
 * it makes a new one when it needs it, rarely.
 *
 * Context: any thread, no lock of ours held. Keeps errno.
 */
#ifndef CAPTURE_UNWINDER_PIPE_H
#define CAPTURE_UNWINDER_PIPE_H

/* Around every call of libunwind. */
void unwinder_pipe_enter(void);
void unwinder_pipe_leave(void);

/* Looks for the variable, in the object that holds `function` of libunwind; between
 * enter and leave, after libunwind's first use. Where it is not found, nothing is
 * closed. */
void unwinder_pipe_find(const void *function);

/* In a forked child: the threads that were inside are not here. */
void unwinder_pipe_reset(void);

#endif
