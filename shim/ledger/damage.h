/* How much of a snapshot cannot be true. */
#ifndef LEDGER_DAMAGE_H
#define LEDGER_DAMAGE_H

#include "ledger/snapshot.h"

/* Records that are torn, missing, or refer to what is not there. */
size_t damage_count(const struct snapshot *snapshot);

#endif
