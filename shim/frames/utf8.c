#include "frames/utf8.h"

#include <string.h>

static size_t encode(uint32_t character, uint8_t *ret)
{
	if (character < 0x80) {
		ret[0] = (uint8_t)character;
		return 1;
	}
	if (character < 0x800) {
		ret[0] = (uint8_t)(0xc0 | character >> 6);
		ret[1] = (uint8_t)(0x80 | (character & 0x3f));
		return 2;
	}
	if (character < 0x10000) {
		ret[0] = (uint8_t)(0xe0 | character >> 12);
		ret[1] = (uint8_t)(0x80 | (character >> 6 & 0x3f));
		ret[2] = (uint8_t)(0x80 | (character & 0x3f));
		return 3;
	}
	ret[0] = (uint8_t)(0xf0 | (character >> 18 & 7));
	ret[1] = (uint8_t)(0x80 | (character >> 12 & 0x3f));
	ret[2] = (uint8_t)(0x80 | (character >> 6 & 0x3f));
	ret[3] = (uint8_t)(0x80 | (character & 0x3f));
	return 4;
}

bool utf8_add(uint32_t character, char *bytes, size_t *used, size_t size)
{
	uint8_t encoded[4];

	if (character >= 0xd800 && character <= 0xdfff)
		character = 0xfffd;

	size_t length = encode(character, encoded);

	if (*used + length >= size)
		return false;
	for (size_t i = 0; i < length; i++)
		bytes[(*used)++] = (char)encoded[i];
	return true;
}

static size_t length_by_first(uint8_t first)
{
	return first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

void utf8_trim(const char *bytes, size_t *used)
{
	size_t first = *used;

	while (first > 0 && *used - first < 3 && ((uint8_t)bytes[first - 1] & 0xc0) == 0x80)
		first--;
	if (first > 0 && (uint8_t)bytes[first - 1] >= 0xc0 &&
	    *used - (first - 1) < length_by_first((uint8_t)bytes[first - 1]))
		*used = first - 1;
}

/* An overlong form, a surrogate, or beyond Unicode. */
static bool is_wrong(uint8_t first, uint8_t second)
{
	return (first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f) ||
	       (first == 0xf0 && second < 0x90) || (first == 0xf4 && second > 0x8f);
}

/* Bytes of the character at the front, as far as they are there; 0 when it is none. */
static size_t character_length(const uint8_t *bytes, size_t count)
{
	size_t length = length_by_first(bytes[0]);

	if (bytes[0] < 0x80)
		return 1;
	if (bytes[0] < 0xc2 || bytes[0] > 0xf4 || (count > 1 && is_wrong(bytes[0], bytes[1])))
		return 0;
	if (length > count)
		length = count;
	for (size_t i = 1; i < length; i++)
		if ((bytes[i] & 0xc0) != 0x80)
			return 0;
	return length;
}

void utf8_repair(char *bytes, size_t count)
{
	for (size_t at = 0; at < count;) {
		size_t length = character_length((const uint8_t *)bytes + at, count - at);

		if (length == 0)
			bytes[at] = '?';
		at += length ? length : 1;
	}
}

void utf8_copy(const char *bytes, size_t length, char *ret, size_t size)
{
	if (length > size - 1)
		length = size - 1;
	memcpy(ret, bytes, length);
	utf8_repair(ret, length);
	utf8_trim(ret, &length);
	ret[length] = 0;
}
