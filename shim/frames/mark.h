/* Marks: what frames are read with, and mixed. A frame's words are mixed beside each other,
 * since the mix of all frames waits for each frame's only once. */
#ifndef FRAMES_MARK_H
#define FRAMES_MARK_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Reads without a check: of what is surely there. */
static inline uintptr_t mark_word(uintptr_t address)
{
	return *(const uintptr_t *)address;
}

static inline uint32_t mark_number(uintptr_t address)
{
	return *(const uint32_t *)address;
}

static inline uint8_t mark_byte(uintptr_t address)
{
	return *(const uint8_t *)address;
}

static inline uint64_t mark_product(uint64_t a, uint64_t b)
{
	__uint128_t product = (__uint128_t)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* `mix` with a frame of four words, after those that are in it. */
static inline uint64_t mark_frame(uint64_t mix, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
	uint64_t first = mark_product(a ^ 0x9e3779b97f4a7c15u, b ^ 0xa0761d6478bd642fu);
	uint64_t second = mark_product(c ^ 0xe7037ed1a0b428dbu, d ^ 0xd6e8feb86659fd93u);

	return mark_product(mix ^ first, 0x8ebc6af09c88c6e3u) + second;
}

/* Of what is longer than two such ends, these alone. */
enum { MARK_END = 1024 };

/* Each pair of words is multiplied by itself, with keys of its place: none waits for another. */
static inline uint64_t mark_pair(uintptr_t address, uint64_t key)
{
	uint64_t words[2];

	memcpy(words, (const void *)address, sizeof(words));
	return mark_product(words[0] ^ key, words[1] ^ ~key);
}

/* `mix` with bytes at any address. The last pair may have bytes of the one before again. */
static inline uint64_t mark_bytes(uint64_t mix, uintptr_t address, size_t size)
{
	const uint64_t step = 0xa0761d6478bd642fu;
	enum { PAIR = 2 * sizeof(uint64_t) };
	uint64_t key = 0x9e3779b97f4a7c15u;
	size_t at = 0;

	if (size > 2 * (size_t)MARK_END) {
		mix = mark_bytes(mix, address, MARK_END);
		address += size - MARK_END;
		size = MARK_END;
	}
	for (; at + PAIR <= size; at += PAIR, key += step)
		mix += mark_pair(address + at, key);
	if (at < size && size > PAIR)
		return mix + mark_pair(address + size - PAIR, key);
	for (; at < size; at++)
		mix = (mix ^ mark_byte(address + at)) * 0x100000001b3u;
	return mix;
}

#endif
