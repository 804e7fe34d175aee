/* Can a header be one, whoever wrote it? */
#ifndef LEDGER_HEADER_CHECK_H
#define LEDGER_HEADER_CHECK_H

#include <stdbool.h>

#include "ledger/layout.h"

/* Do its sections lie in the file, apart from each other, with records of the known sizes, and
 * no more in use than the largest ledger has? */
bool header_is_sane(const struct ledger_header *header);

#endif
