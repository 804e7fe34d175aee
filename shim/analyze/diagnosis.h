/* Says why a site has its verdict, and what to change: texts of causes.def. */
#ifndef ANALYZE_DIAGNOSIS_H
#define ANALYZE_DIAGNOSIS_H

#include "analyze/sites.h"

/* Sets the diagnosis and the cure of a site that has its verdict. */
void diagnosis_add(struct arena *arena, struct site *site);

#endif
