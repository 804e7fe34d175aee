/* Can this pointer be a connection? For a pointer that nobody has seen opened: it may be
 * one that was made past the wrappers, and is accused only when it cannot be.
 *
 * A PGconn of libpq 12 to 18 begins with its options, which are texts or NULL. That is not
 * believed but learnt: it counts for a libpq of which a connection was seen that has the shape.
 *
 * Context: any thread, no lock held. Keeps errno. Reads are guarded.
 */
#ifndef CAPTURE_SHAPE_H
#define CAPTURE_SHAPE_H

#include <stdbool.h>

#include "capture/libpq.h"

/* `conn` is one of `libpq`. Looks at the first one only. */
void shape_learn(struct libpq *libpq, const PGconn *conn);

/* Is `pointer` surely no connection of `libpq`? */
bool shape_is_foreign(const struct libpq *libpq, const PGconn *pointer);

#endif
