/* One call on a connection, from its wrapper's entry to its return. Lives in the wrapper's
 * frame, so it is small: coroutines have small stacks.
 */
#ifndef CAPTURE_USE_H
#define CAPTURE_USE_H

#include <stdint.h>

#include "capture/registry.h"

struct use {
	PGconn *conn;
	struct connection *connection; /* NULL: not on record, or libpq's own call */
	enum libpq_call call;
	uint32_t visit;                /* this stay of the thread in the connection; 0 not noted */
	uintptr_t return_address;      /* into who called the wrapper */
	uintptr_t frame;               /* the wrapper's frame address */
	uint64_t begun_at_ns;
};

#define RETURN_ADDRESS ((uintptr_t)__builtin_return_address(0))
#define FRAME_ADDRESS ((uintptr_t)__builtin_frame_address(0))

/* In the wrapper of `name`, on `conn`. */
#define USE_OF(name)                                                           \
	{ .conn = conn, .call = CALL_##name, .return_address = RETURN_ADDRESS, \
	  .frame = FRAME_ADDRESS }

#endif
