/* From a PGconn's address to what is known of it: the registry's table, which the calls that
 * use a connection read without a lock.
 *
 * Extendible hashing: a directory, by the hash's first bits, of small leaves with open
 * addressing. A leaf that is full is split in two, so that no open waits for a table of a
 * million to be made anew: the longest step copies the directory, 8 bytes for each 96 or more.
 *
 * Readers. A slot leads to a struct connection, which is never unmapped; nor is a leaf or a
 * directory. What is found is right: it had this handle when it was read. What is missed is
 * looked for again unless `version` was even and the same before and after: a removal moves up
 * what follows (odd meanwhile), so that no slot is wasted; a split publishes two new leaves,
 * whole, and bumps it before the old one is used again.
 */
#ifndef CAPTURE_HANDLES_H
#define CAPTURE_HANDLES_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct connection;
struct handle_directory;
struct handle_leaf;

/* Zeroed is empty. */
struct handles {
	struct handle_directory *directory;
	/* Not in the cache line that readers need: changes with each open and close. */
	_Alignas(64) uint64_t version;
	size_t count;
	struct handle_leaf *free_list;
	struct handle_leaf *fresh; /* the rest of a chunk, untouched so far */
	size_t fresh_count;
};

/* What it finds is there. NULL when it is not, or moved while it was looked for, which under the
 * recorder's lock it does not. Context: any thread; async-signal-safe. */
struct connection *handles_find(const struct handles *handles, const PGconn *handle);

/* The same, and NULL is as true without the lock. False when the table was being changed all the
 * while: a handler of the host's may ask in the middle of a change of this thread's, or the
 * kernel have stopped the thread that makes one. Context: any thread; async-signal-safe. */
bool handles_look(const struct handles *handles, const PGconn *handle,
		  struct connection **ret_connection);

/* Makes room for `handle`: the next handles_add, of it, cannot fail. 0 or -ENOMEM.
 * Context: the recorder's lock. */
int handles_reserve(struct handles *handles, const PGconn *handle);

/* `connection`, whose handle is not there yet, stays where it is. 0 or -ENOMEM.
 * Context: the recorder's lock. */
int handles_add(struct handles *handles, struct connection *connection);

/* Context: the recorder's lock; `connection` is there, and still has its handle. */
void handles_remove(struct handles *handles, const struct connection *connection);

/* Calls `visit` for each; it adds and removes none. Context: the recorder's lock. */
void handles_each(const struct handles *handles, void (*visit)(struct connection *));

#endif
