/* From a PGconn's address to what is known of it: the registry's table, which the calls that
 * use a connection read without a lock.
 *
 * Open addressing; a slot is a pointer to a struct connection, which is never unmapped. What
 * follows a removed one moves up, so that no slot is ever wasted; a reader who has missed
 * while something moved looks again.
 */
#ifndef CAPTURE_HANDLES_H
#define CAPTURE_HANDLES_H

#include <libpq-fe.h>
#include <stdint.h>

struct connection;
struct handle_table;

struct handles {
	struct handle_table *table;
	uint64_t version; /* odd while something moves */
	size_t count;
};

/* NULL when it is not there. Context: any thread; async-signal-safe. */
struct connection *handles_find(const struct handles *handles, const PGconn *handle);

/* `connection`, whose handle is not there yet, stays where it is. 0 or -ENOMEM.
 * Context: the recorder's lock. */
int handles_add(struct handles *handles, struct connection *connection);

/* Context: the recorder's lock; `connection` is there, and still has its handle. */
void handles_remove(struct handles *handles, const struct connection *connection);

/* Calls `visit` for each; it adds and removes none. Context: the recorder's lock. */
void handles_each(const struct handles *handles, void (*visit)(struct connection *));

#endif
