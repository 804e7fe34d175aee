#include "symbolize/hexadecimal.h"

int hexadecimal_digit(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	if (digit >= 'a' && digit <= 'f')
		return digit - 'a' + 10;
	if (digit >= 'A' && digit <= 'F')
		return digit - 'A' + 10;
	return -1;
}

bool hexadecimal_read(const char **text, uint64_t *ret_number)
{
	const char *at = *text;
	uint64_t number = 0;

	for (; hexadecimal_digit(*at) >= 0; at++) {
		if (number >> 60)
			return false;
		number = number << 4 | (uint64_t)hexadecimal_digit(*at);
	}
	if (at == *text)
		return false;
	*text = at;
	*ret_number = number;
	return true;
}
