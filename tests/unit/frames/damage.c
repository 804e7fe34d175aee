#include "damage.h"

#include <string.h>

uint64_t next_random(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

void damage(uint8_t *arena, size_t used, uint64_t *seed)
{
	static const uint64_t words[] = { 0, 1, 8, 4096, UINT64_MAX, 1ull << 47, 0x7fffffffffffff };
	uint64_t at = next_random(seed) % (used / 8) * 8;
	uint64_t word = next_random(seed);

	switch (next_random(seed) % 4) {
	case 0: /* a byte */
		arena[at + word % 8] = (uint8_t)(word >> 8);
		return;
	case 1: /* one of the usual suspects */
		word = words[word % (sizeof(words) / sizeof(*words))];
		break;
	case 2: /* a pointer to something else that is here */
		word = (uintptr_t)arena + word % used / 8 * 8;
		break;
	default: /* anything */
		break;
	}
	memcpy(&arena[at], &word, sizeof(word));
}
