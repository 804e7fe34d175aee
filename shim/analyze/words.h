/* Fills the {words} of a text of causes.def with what is known about a site. */
#ifndef ANALYZE_WORDS_H
#define ANALYZE_WORDS_H

#include "analyze/sites.h"

/* Lives as long as the arena. A word that does not exist is left out. */
const char *words_expand(struct arena *arena, const char *text, const struct site *site);

#endif
