/* What a site's connections amount to. */
#ifndef ANALYZE_VERDICTS_H
#define ANALYZE_VERDICTS_H

#include <stdbool.h>
#include <stdint.h>

#include "analyze/sites.h"

enum {
	GROWTH_MIN = 3 /* opened, none closed: below that it may be meant */
};

enum verdict verdict_of_site(const struct site *site);

/* Connections at fault: those that make the verdict. */
uint64_t verdict_connections(const struct site *site, enum verdict verdict);

/* Opened again and again by one process, nothing closed by the program: through ever
 * new pools to one target, or without a pool and kept until shutdown. */
bool verdict_is_pool_growth(const struct site *site);
bool verdict_is_plain_growth(const struct site *site);

/* Some process opens ever more and leaves them behind: analyze/growth.h. */
bool verdict_is_rising(const struct site *site);

/* Left behind when their process ended. */
uint64_t verdict_left_open(const struct site *site);

/* Connections of a site that connected, and that the program itself closed. */
uint64_t verdict_closed(const struct site *site);

#endif
