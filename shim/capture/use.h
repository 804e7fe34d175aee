/* One call on a connection, or for a new one, from its wrapper's entry to its return. Lives in
 * the wrapper's frame, so it is small: coroutines have small stacks.
 */
#ifndef CAPTURE_USE_H
#define CAPTURE_USE_H

#include <stdint.h>

#include "capture/registry.h"

struct use {
	PGconn *conn;                  /* NULL until a creator has returned it */
	struct connection *connection; /* NULL: not on record, or libpq's own call */
	struct libpq *libpq;           /* the connection's; NULL where nothing is recorded */
	enum libpq_call call;
	uint32_t visit;                /* this stay of the thread in the connection; 0 not noted */
	uintptr_t return_address;      /* into who called the wrapper */
	uintptr_t frame;               /* the wrapper's frame address; 0: called by no wrapper */
	uint64_t begun_at_ns;
};

#define RETURN_ADDRESS ((uintptr_t)__builtin_return_address(0))
#define FRAME_ADDRESS ((uintptr_t)__builtin_frame_address(0))

/* In the wrapper of `name`, which makes a connection. */
#define USE_FOR_NEW(name) \
	{ .call = CALL_##name, .return_address = RETURN_ADDRESS, .frame = FRAME_ADDRESS }

/* In the wrapper of `name`, on `conn`. */
#define USE_OF(name)                                                           \
	{ .conn = conn, .call = CALL_##name, .return_address = RETURN_ADDRESS, \
	  .frame = FRAME_ADDRESS }

#endif
