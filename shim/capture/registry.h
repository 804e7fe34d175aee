/* The connections that are open in this process, by handle.
 *
 * Context: the recorder's lock is held; not async-signal-safe. Memory is mapped,
 * never the host's heap.
 */
#ifndef CAPTURE_REGISTRY_H
#define CAPTURE_REGISTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture/handles.h"
#include "capture/libpq.h"
#include "capture/visit.h"
#include "ledger/layout.h"

struct registered;
struct trail;

/* What the shim itself has to know of an open connection; the rest is in the ledger. */
struct connection {
	const PGconn *handle;
	struct libpq *libpq;    /* the one that made it: its calls go there */
	uint32_t id;            /* in the ledger; 0 when it had no room */
	uint32_t site, pool;    /* in the ledger */
	uint64_t opened_at_ns;
	int32_t owner_pid;      /* the process that opened it */
	int32_t backend_pid;
	enum ledger_connection_state state;
	enum ledger_transaction transaction;
	uint64_t owner_uses;    /* of one that is the parent's: when this process's record began */
	bool is_left;           /* it is the parent's, who has ended */
	bool is_shut_down;      /* the interpreter's shutdown ended its transaction */
	bool is_in_transaction; /* was seen in the one that it is in */
	/* For the thread that is inside, which has no lock. */
	struct ledger_connection *record; /* NULL: has none, or is not this process's own */
	const struct trail *trail;        /* of the last use; NULL none */
	struct visits visits;             /* stay when the memory is another one's */
};

struct registry {
	struct registered *free_list;
	struct handles handles;
};

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
