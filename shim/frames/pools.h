/* Which frames are a connection pool's own: pools.def.
 */
#ifndef FRAMES_POOLS_H
#define FRAMES_POOLS_H

#include "ledger/layout.h"

/* The library whose pool runs `function` of `file`, e.g. "sqlalchemy"; NULL when it is no
 * pool's. `function` may be qualified. Context: any. */
const char *pool_library(enum ledger_language language, const char *file, const char *function);

#endif
