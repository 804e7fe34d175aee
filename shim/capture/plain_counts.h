/* What a plain report counts in a ledger that others may be writing to.
 *
 * Context: any; async-signal-safe.
 */
#ifndef CAPTURE_PLAIN_COUNTS_H
#define CAPTURE_PLAIN_COUNTS_H

#include <stdbool.h>
#include <stdint.h>

#include "ledger/writer.h"

/* Records of a section. */
uint32_t plain_count(const struct ledger *ledger, enum ledger_section_kind kind);

/* Connections that were closed unseen. */
uint64_t plain_count_unseen(const struct ledger *ledger);

/* Records of all kinds that found no room. */
uint64_t plain_count_lost(const struct ledger *ledger);

/* `number` less `other`, which were read at two moments; never below 0. */
uint64_t plain_less(uint64_t number, uint64_t other);

/* Whether what a child has was handed over, other ledgers tell. */
bool plain_misuse_is_told(const struct ledger_misuse *misuse);

#endif
