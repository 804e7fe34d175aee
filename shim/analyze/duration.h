/* A duration as people say it: "0.2 s", "2 min 5 s", "3 d 4 h". */
#ifndef ANALYZE_DURATION_H
#define ANALYZE_DURATION_H

#include <stdint.h>

enum { DURATION_MAX = 32 };

void duration_format(uint64_t ns, char text[DURATION_MAX]);

#endif
