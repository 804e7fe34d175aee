/* Keeps fork() out while a thread of ours is inside of the loader or of the unwinder.
 *
 * Their locks are not made new in a forked child (glibc's dl_iterate_phdr, libunwind's
 * caches): a child that is forked while another thread holds one waits for ever at its
 * first connect; one that is forked in the middle of a dlopen dies at its next (glibc
 * asserts). The host alone would have done neither.
 *
 * Threads are counted at one of some turnstiles, each in a cache line of its own, so that two
 * who enter rarely touch the same one. A thread counts itself and then looks whether the gate
 * is closed; who closes it says so and then looks at all turnstiles: of two who do so at once
 * one sees the other, whichever turnstile it is, since all four are sequentially consistent.
 *
 * Context: any thread; not async-signal-safe. Keeps errno.
 */
#ifndef CAPTURE_GATE_H
#define CAPTURE_GATE_H

#include <stdbool.h>

/* Around each visit; may be nested. */
void gate_enter(void);
void gate_leave(void);

/* Is this thread? Then a handler of the host's has interrupted it. */
bool gate_is_inside(void);

/* Around fork: before it in the parent, after it in the parent, and in the child. Waits
 * for those inside, which are there for microseconds; after a second it goes on, since
 * they may wait for the loader's lock, and its holder be the plug-in's constructor that
 * forks. */
void gate_close(void);
void gate_open(void);
void gate_reset(void);

#endif
