/* Takes back the EINTR that our own signal gave to the host.
 *
 * The kernel restarts most system calls after a handler (SA_RESTART), but never
 * poll, select, epoll_wait, nanosleep, pause and a few more: they fail with EINTR,
 * and a program that has no handler of its own need not expect that. On x86-64 the
 * handler sets the thread back to the `syscall` instruction. What a call waited
 * for is what it waits for again; a timeout that the kernel does not count down in
 * the caller's memory (poll, epoll_wait, usleep) begins anew.
 *
 * Elsewhere, and where the code before the instruction does not show the number of
 * the call (glibc 2.41 and newer), the host sees EINTR.
 */
#ifndef CAPTURE_RESUME_H
#define CAPTURE_RESUME_H

/* `context` is the third argument of an SA_SIGINFO handler that runs with all
 * signals blocked. Does nothing when a signal of the host's is waiting too: then EINTR
 * is what the host has asked for. Context: signal handler. */
void resume_interrupted(void *context);

#endif
