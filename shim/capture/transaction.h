/* Where a connection's transaction stands, after each call on it: what began it and when,
 * how many there were, and the longest.
 *
 * Context: the thread that is inside of the connection; no lock.
 */
#ifndef CAPTURE_TRANSACTION_H
#define CAPTURE_TRANSACTION_H

#include <stdbool.h>

#include "capture/registry.h"
#include "ledger/layout.h"

/* What may have begun one: the last use. */
struct transaction_cause {
	uint64_t at_ns;
	uint32_t stack;
};

/* Did the call that led from `before` to `after` begin one, or may it have: what is sent may
 * be a BEGIN, and the answer shows it? */
bool transaction_is_begun(enum ledger_transaction before, enum ledger_transaction after);

/* `record` may be NULL. */
void transaction_note(struct connection *connection, struct ledger_connection *record,
		      enum ledger_transaction after, struct transaction_cause cause,
		      uint64_t now_ns);

#endif
