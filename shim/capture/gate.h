/* Keeps fork() out while a thread is inside of the loader's list or of the unwinder.
 *
 * Their locks are not made new in a forked child (glibc's dl_iterate_phdr, libunwind's
 * caches): a child that is forked while another thread holds one waits for ever at its
 * first connect, where the host alone would not have asked.
 *
 * Not around dlopen: its holder may be a plug-in's constructor that forks, and glibc makes
 * that lock new. Context: any thread; not async-signal-safe. Keeps errno.
 */
#ifndef CAPTURE_GATE_H
#define CAPTURE_GATE_H

/* Around each visit; may be nested. */
void gate_enter(void);
void gate_leave(void);

/* Around fork: before it in the parent, after it in the parent, and in the child. Waits
 * for those inside, which are there for microseconds; after a second it goes on. */
void gate_close(void);
void gate_open(void);
void gate_reset(void);

#endif
