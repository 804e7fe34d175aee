/* How many connections of a site were open over time, and how long they lived: the
 * fields `history...` and `lifetimes` of struct ledger_site.
 *
 * The writer calls it between ledger_change_begin and ledger_change_end, the report on a
 * copy of its own. Each is a few instructions; once in a while 32 points become 16.
 *
 * Context: any; no lock of its own, no allocation.
 */
#ifndef LEDGER_HISTORY_H
#define LEDGER_HISTORY_H

#include <stdint.h>

#include "ledger/layout.h"

/* The first step; it doubles. The longest that 64 bits of ns can need has no overflow. */
#define LEDGER_HISTORY_STEP_NS UINT64_C(1000000)

/* At `at_ns` the number of open ones became `site->open`; until then it was `before`.
 * A time before what is recorded counts as now. */
void history_change(struct ledger_site *site, uint64_t at_ns, uint64_t before);

/* Nothing changed from the last point to `at_ns`, `open` were open. What cannot be, as in
 * a damaged ledger, is left as it is. */
void history_extend(struct ledger_site *site, uint64_t at_ns, uint64_t open);

/* One that lived for `lifetime_ns` was finished. */
void history_count_lifetime(struct ledger_site *site, uint64_t lifetime_ns);

/* Adds `other`'s range to `point`. */
void history_widen(struct ledger_history_point *point, const struct ledger_history_point *other);

#endif
