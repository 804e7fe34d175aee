/* The ledgers that a report is made from. A file that cannot be read is said in
 * one line and counted; the others are reported all the same. */
#ifndef CLI_LEDGERS_H
#define CLI_LEDGERS_H

#include <stdbool.h>
#include <stddef.h>

#include "ledger/reader.h"

struct ledgers {
	struct reader **readers; /* the witnesses last */
	size_t count;            /* of those that are reported */
	size_t witness_count;    /* of those that are read besides: witnesses.h */
	size_t refused; /* files that could not be read, or only in part */
};

/* Opens `path`. Returns 0, -EINVAL when it was refused, or -ENOMEM. */
int ledgers_add(struct ledgers *ledgers, const char *path);

/* Takes `reader`, when all that are reported are there. Returns 0 or -ENOMEM. */
int ledgers_add_witness(struct ledgers *ledgers, struct reader *reader);

struct ledgers_filter {
	int pid;            /* 0 any */
	bool is_unreported; /* leave out those that a final report was made from */
};

/* Opens every ledger in `directory` that the filter lets through, in the order of
 * their names. Returns 0, or -Exxx when the directory cannot be read. */
int ledgers_add_directory(struct ledgers *ledgers, const char *directory,
			  const struct ledgers_filter *filter);

void ledgers_finish(struct ledgers *ledgers);

#endif
