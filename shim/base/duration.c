#include "base/duration.h"

#include <stddef.h>
#include <string.h>

#include "base/text.h"

enum { DIGITS_MAX = 20 };

static const struct {
	const char *name;
	uint64_t ns;
} units[] = {
	{ "us", 1000ull },          { "ms", 1000000ull },       { "s", 1000000000ull },
	{ "min", 60000000000ull },  { "h", 3600000000000ull },  { "d", 86400000000000ull },
};

static uint64_t unit_ns(const char *name)
{
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (!strcmp(units[i].name, name))
			return units[i].ns;
	}
	return 0;
}

/* Not strspn: see options.c. */
static size_t digits_length(const char *text)
{
	size_t length = 0;

	while (text[length] >= '0' && text[length] <= '9')
		length++;
	return length;
}

bool duration_read(const char *text, uint64_t *ret_ns)
{
	size_t length = digits_length(text);
	uint64_t unit = unit_ns(text + length), number;
	char digits[DIGITS_MAX + 1] = "";

	if (length > DIGITS_MAX)
		return false;
	memcpy(digits, text, length);
	if (!text_read_unsigned(digits, &number))
		return false;
	if (number == 0 && !text[length])
		unit = 1;
	if (!unit || __builtin_mul_overflow(number, unit, &number))
		return false;
	*ret_ns = number;
	return true;
}
