/* The connections that are open in this process, by handle.
 *
 * Context: the recorder's lock is held; not async-signal-safe. Memory is mapped,
 * never the host's heap.
 */
#ifndef CAPTURE_REGISTRY_H
#define CAPTURE_REGISTRY_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture/handles.h"
#include "capture/libpq.h"
#include "capture/visit.h"
#include "ledger/layout.h"

struct trail;

/* What the shim itself has to know of an open connection; the rest is in the ledger.
 *
 * One cache line of its own, since each connection's user writes to it: a million that are
 * open take 64 bytes each, and the ledger's record. */
struct connection {
	_Alignas(64) const PGconn *handle; /* NULL: free */
	struct libpq *libpq;    /* the one that made it: its calls go there */
	/* For the thread that is inside, which has no lock. */
	struct ledger_connection *record; /* NULL: had no room, or is_inherited */
	const struct trail *trail;        /* of the last use; NULL none */
	/* Under the lock only. */
	union {
		/* This process's own without a record: what that would have said. */
		struct {
			uint64_t opened_at_ns;
			uint32_t site, pool;
		} unrecorded;
		struct {
			uint64_t owner_uses; /* when this process's record began */
			int32_t owner_pid;   /* the process that opened it */
			int32_t backend_pid;
		} inherited;
		struct connection *next_free;
	};
	uint8_t state;              /* enum ledger_connection_state */
	uint8_t transaction;        /* enum ledger_transaction */
	bool is_inherited : 1;      /* another process's, whose memory this one has */
	bool is_left : 1;           /* that one has ended */
	bool : 0;                   /* the thread inside writes what follows */
	bool is_shut_down : 1;      /* the interpreter's shutdown ended its transaction */
	bool is_in_transaction : 1; /* was seen in the one that it is in */
	struct visits visits;       /* stay when the memory is another one's */
};
static_assert(sizeof(struct connection) == 64, "one cache line, which nobody else writes to");

struct registry {
	struct handles handles;
	struct connection *free_list;
	struct connection *fresh; /* the rest of a chunk, untouched so far */
	size_t fresh_count;
};

/* Makes room for `handle`: the next registry_add, of it, cannot fail. 0 or -ENOMEM. */
int registry_reserve(struct registry *registry, const PGconn *handle);

/* Adds a copy, or overwrites the one with the same handle: libpq reuses addresses,
 * and the newer open is the true one. Returns 0 or -ENOMEM. */
int registry_add(struct registry *registry, const struct connection *connection);

/* NULL when it is not there. Stays readable for good; it is this connection while its handle
 * is. */
struct connection *registry_find(struct registry *registry, const PGconn *handle);

/* Removes it, and copies it out. False when it is not there. */
bool registry_remove(struct registry *registry, const PGconn *handle,
		     struct connection *ret_connection);

size_t registry_count(const struct registry *registry);

/* Calls `visit` for each. */
void registry_each(struct registry *registry, void (*visit)(struct connection *));

#endif
