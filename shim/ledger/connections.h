/* The ledger's records that change: connections, and what is summed over them.
 *
 * Context: as ledger/writer.h. Ids are 0 when there was no room; every function
 * takes 0 and then keeps the sums only.
 */
#ifndef LEDGER_CONNECTIONS_H
#define LEDGER_CONNECTIONS_H

#include <stdint.h>

#include "ledger/layout.h"
#include "ledger/writer.h"

/* The site of an opening stack, made at its first connection. When there is room for one
 * more only, that one is the site of all further stacks, as it is of stack 0. */
uint32_t ledger_find_site(struct ledger *ledger, uint32_t opened_stack, uint64_t at_ns);

/* The pool object at `address`, made at its first connection. */
uint32_t ledger_find_pool(struct ledger *ledger, uint64_t address, uint32_t type,
			  uint32_t library);

/* Takes a slot for a new connection and counts it; `serial` is given here. The
 * oldest finished connection makes room when the section is full. */
uint32_t ledger_add_connection(struct ledger *ledger, const struct ledger_connection *connection);

/* One was opened that could not be recorded: told as lost. */
void ledger_lose_connection(struct ledger *ledger);

/* The connect failed. `sqlstate` is "" or five characters. */
void ledger_fail_connection(struct ledger *ledger, uint32_t id, uint32_t site,
			    const char *sqlstate);

struct ledger_end {
	uint64_t at_ns;
	uint64_t opened_at_ns;    /* this, and what is next: for one that has no slot */
	uint32_t site, pool;      /* of the connection */
	uint32_t closed_stack;
	uint32_t called;          /* string */
	uint16_t evidence;        /* enum ledger_evidence */
};

/* The connection is finished: its slot keeps the story for a while, the sums for good. */
void ledger_end_connection(struct ledger *ledger, uint32_t id, const struct ledger_end *end);

#endif
