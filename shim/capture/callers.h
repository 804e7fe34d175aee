/* The objects that call libpq, and the libpq that each one's calls are bound to.
 *
 * Context: any thread, no lock of ours held; not async-signal-safe. Keeps errno.
 */
#ifndef CAPTURE_CALLERS_H
#define CAPTURE_CALLERS_H

#include <stdint.h>

#include "capture/libpq.h"
#include "capture/objects.h"

/* The libpq of the object that covers `address`; NULL when it is not known. Takes no lock
 * when it is. */
struct libpq *callers_find(uintptr_t address);

/* `address` is in `object`. */
void callers_add(uintptr_t address, const struct object *object, struct libpq *libpq);

/* Forgets all when objects came or went: after a dlclose another may lie where one was. Takes no
 * lock, the loader's neither, while nothing is loaded and the object at `address` is known, and
 * has the home that it had. */
void callers_refresh(uintptr_t address);

/* In a forked child, where nobody holds the lock. */
void callers_reset_lock(void);

#endif
