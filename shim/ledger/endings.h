/* What became of finished connections, summed over equal stories.
 *
 * Context: as ledger/writer.h.
 */
#ifndef LEDGER_ENDINGS_H
#define LEDGER_ENDINGS_H

#include "ledger/layout.h"
#include "ledger/writer.h"

/* Adds a finished connection to the sum of its story. In a section that is nearly full a
 * new story is told without its stacks, which counts as lost; when there is no room for
 * that either, the site's `finished` is all that is known. */
void ledger_sum_ending(struct ledger *ledger, const struct ledger_connection *connection);

#endif
