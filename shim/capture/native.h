/* The native stack of this thread, by libunwind, which is opened RTLD_LOCAL at first
 * use: in DT_NEEDED it would take over the host's C++ exceptions.
 *
 * Context: any thread, no lock of ours held; not async-signal-safe (the unwinder
 * asks the loader). Keeps errno.
 */
#ifndef CAPTURE_NATIVE_H
#define CAPTURE_NATIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* More than the shim has on the stack above its caller. */
enum { NATIVE_OWN_MAX = 16 };

/* Opens libunwind. Returns false when it is not there, or while another
 * thread is opening it. */
bool native_open(void);

/* The errno for which libunwind cannot be opened at all; 0 when it is there, and when memory or
 * descriptors were short: it is tried again then, and native_walk says so. */
int native_missing_error(void);

/* Fills at most `max` return addresses, innermost first, beginning with the caller of
 * the shim at `return_address`; returns how many, at least 1 for max > 0. `pcs` has room
 * for NATIVE_OWN_MAX more. */
size_t native_walk(uintptr_t return_address, uintptr_t *pcs, size_t max, bool *ret_is_truncated);

/* The registers in a frame; 0 where not known. */
struct native_pointers {
	uintptr_t stack;
	uintptr_t frame;    /* what the frame pointer's register holds, whatever that is */
	uintptr_t frame_at; /* where those whom it called have saved that */
};

/* Fills them for each of `pcs` just walked.
 * Thirty times slower than native_walk: for stacks that are new. */
void native_walk_pointers(const uintptr_t *pcs, size_t count, struct native_pointers *pointers);

#endif
