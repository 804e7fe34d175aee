/* What `pqleak watch` knows of the connections of one process: which were reported because
 * they are beyond a limit, and which of those are over since.
 */
#ifndef CLI_WATCHED_H
#define CLI_WATCHED_H

#include <stdbool.h>
#include <stddef.h>

#include "analyze/analyze.h"
#include "base/options.h"
#include "ledger/snapshot.h"

struct watched_slot;

struct watched {
	struct watched_slot *slots; /* by the ledger's id, less 1 */
	size_t slot_count;
	/* Of the last look: */
	size_t fresh_age, fresh_transaction; /* beyond a limit, and reported from now on */
	struct after_all *over;              /* reported by an earlier one, and over since */
	size_t over_count;
};

/* Which of the limits may be reported now. */
struct watched_turn {
	bool is_age, is_transaction;
};

/* Looks at the connections. Returns 0 or -ENOMEM. */
int watched_look(struct watched *watched, const struct snapshot *snapshot,
		 const struct options *options, struct watched_turn turn, uint64_t now_ns);

void watched_finish(struct watched *watched);

#endif
