/* What libpq hands out and is to be given back, summed over where it was asked for.
 *
 * Context: as ledger/writer.h.
 */
#ifndef LEDGER_RESULTS_H
#define LEDGER_RESULTS_H

#include <stdint.h>

#include "ledger/layout.h"
#include "ledger/writer.h"

/* One more was handed out, at `stack` (0 when there was no room for it). Returns the record
 * that counts it, or 0 when there is no room for one: then it is lost. */
uint32_t ledger_make_result(struct ledger *ledger, enum ledger_result_kind kind, uint32_t stack,
			    uint64_t at_ns);

/* One that record `id` counts was given back. */
void ledger_free_result(struct ledger *ledger, uint32_t id);

/* One was handed out that nobody could remember: it is counted as lost alone. */
void ledger_lose_result(struct ledger *ledger);

#endif
