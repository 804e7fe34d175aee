/* Spoils an interpreter that was made of memory. */
#ifndef DAMAGE_H
#define DAMAGE_H

#include <stddef.h>
#include <stdint.h>

/* The next of a row of numbers that `*seed`, not 0, begins. */
uint64_t next_random(uint64_t *seed);

/* Overwrites a byte or a word of `used` bytes; the same `seed` always does the same. */
void damage(uint8_t *arena, size_t used, uint64_t *seed);

#endif
