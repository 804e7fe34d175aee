/* The handles that were finished last: what is still known of a connection that is on record
 * no more. libpq gives an address again, so the newest at an address counts.
 *
 * Bounded: FINISHED_MAX handles, the oldest is forgotten first. It is asked only about a
 * handle that the registry does not know.
 *
 * Context: the recorder's lock is held; not async-signal-safe. Memory is mapped, never the
 * host's heap.
 */
#ifndef CAPTURE_FINISHED_H
#define CAPTURE_FINISHED_H

#include <stdbool.h>
#include <stdint.h>

#include "capture/libpq.h"

enum { FINISHED_MAX = 4096 };

struct finished {
	const PGconn *handle;
	uint32_t id, site;       /* in the ledger; 0 when it had no room, or another one's */
	uint32_t closed_stack;
	uint32_t before;         /* what finished the connection that had the address before */
	int32_t owner_pid;
	int32_t backend_pid;
	bool is_open_again;      /* another connection has the address */
};

struct finished_table;

struct finished_list {
	struct finished_table *table; /* NULL until the first finish */
};

/* Adds a copy; `before` is filled in here. Without memory it is forgotten. */
void finished_add(struct finished_list *list, const struct finished *finished);

/* A new connection has the address. */
void finished_reopen(struct finished_list *list, const PGconn *handle);

/* The finished connection that had the address last; NULL when none is known, or another one
 * has it now. */
const struct finished *finished_find(const struct finished_list *list, const PGconn *handle);

/* In a forked child: ids are those of its parent's ledger. */
void finished_disown(struct finished_list *list);

#endif
