/* The time, in nanoseconds. Context: any, signal handlers included. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

uint64_t clock_monotonic_ns(void);

/* The monotonic clock at its last tick, some milliseconds ago at most: at a quarter of the
 * price. */
uint64_t clock_coarse_ns(void);
uint64_t clock_realtime_ns(void);

#endif
