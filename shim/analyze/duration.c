#include "analyze/duration.h"

#include <inttypes.h>
#include <stdio.h>

static const uint64_t minute = 60, hour = 3600, day = 86400; /* seconds */

void duration_format(uint64_t ns, char text[DURATION_MAX])
{
	uint64_t seconds = ns / 1000000000;

	if (ns < 1000)
		snprintf(text, DURATION_MAX, "%" PRIu64 " ns", ns);
	else if (ns < 1000000)
		snprintf(text, DURATION_MAX, "%" PRIu64 " us", ns / 1000);
	else if (ns < 100000000)
		snprintf(text, DURATION_MAX, "%" PRIu64 " ms", ns / 1000000);
	else if (seconds < minute)
		snprintf(text, DURATION_MAX, "%" PRIu64 ".%" PRIu64 " s", seconds,
			 ns / 100000000 % 10);
	else if (seconds < hour)
		snprintf(text, DURATION_MAX, "%" PRIu64 " min %" PRIu64 " s", seconds / minute,
			 seconds % minute);
	else if (seconds < day)
		snprintf(text, DURATION_MAX, "%" PRIu64 " h %" PRIu64 " min", seconds / hour,
			 seconds % hour / minute);
	else
		snprintf(text, DURATION_MAX, "%" PRIu64 " d %" PRIu64 " h", seconds / day,
			 seconds % day / hour);
}
