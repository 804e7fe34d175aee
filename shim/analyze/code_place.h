/* Functions that are known by name: the rows of finalizers.def, callers.def, workers.def
 * and hidden_pools.def.
 */
#ifndef ANALYZE_CODE_PLACE_H
#define ANALYZE_CODE_PLACE_H

#include <stdbool.h>
#include <stddef.h>

#include "analyze/report.h"
#include "ledger/layout.h"

struct code_place {
	enum ledger_language language;
	const char *file;     /* end of the path; "" any */
	const char *function; /* bare name */
};

/* The first of `places` that `frame` runs, NULL when it runs none of them. */
const struct code_place *code_place_find(const struct code_place *places, size_t count,
					 const struct report_frame *frame);

#endif
