/* Records of a snapshot by their ids, which are untrusted: NULL for 0 or an id
 * that leads out of the section. */
#ifndef LEDGER_LOOKUP_H
#define LEDGER_LOOKUP_H

#include <stdint.h>

#include "ledger/snapshot.h"

/* `kind` may be strings and stacks too: the first unit of one. */
const void *snapshot_record(const struct snapshot *snapshot, enum ledger_section_kind kind,
			    uint32_t id);

/* With its text and the 0 behind it. */
const struct ledger_string *snapshot_string(const struct snapshot *snapshot, uint32_t id);

/* With all its frame ids, which may lead nowhere. */
const struct ledger_stack *snapshot_stack(const struct snapshot *snapshot, uint32_t id);

#endif
