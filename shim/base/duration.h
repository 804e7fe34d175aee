/* A duration as people write it in an option: "500ms", "30s", "5min", "2h". */
#ifndef BASE_DURATION_H
#define BASE_DURATION_H

#include <stdbool.h>
#include <stdint.h>

/* A whole number and its unit: us, ms, s, min, h, d; "0" needs none. False for anything
 * else, and for what nanoseconds cannot hold. Context: any. */
bool duration_read(const char *text, uint64_t *ret_ns);

#endif
