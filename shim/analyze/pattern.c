#include "analyze/pattern.h"

#include <string.h>

/* Where the rest of a pattern behind a star may begin to match; NULL nowhere. */
static const char *next_start(const char *rest, const char *end, const char *text)
{
	return rest == end || *rest == '*' ? text : strchr(text, *rest);
}

bool pattern_matches(const char *pattern, size_t length, const char *text)
{
	size_t at = 0, star = 0;
	const char *retry = NULL;

	while (*text) {
		if (at < length && pattern[at] == '*') {
			star = ++at;
			text = retry = next_start(pattern + star, pattern + length, text);
		} else if (at < length && pattern[at] == *text) {
			at++;
			text++;
		} else if (retry) {
			/* The last star takes one character more. */
			at = star;
			text = retry = next_start(pattern + star, pattern + length, retry + 1);
		} else {
			return false;
		}
		if (!text)
			return false;
	}
	while (at < length && pattern[at] == '*')
		at++;
	return at == length;
}

bool text_ends_with(const char *text, const char *end)
{
	size_t length = strlen(text), end_length = strlen(end);

	return length >= end_length && strcmp(text + length - end_length, end) == 0;
}
