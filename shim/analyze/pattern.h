/* Patterns in which '*' stands for any characters, '/' included. */
#ifndef ANALYZE_PATTERN_H
#define ANALYZE_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

/* Does the pattern of `length` bytes match all of `text`? */
bool pattern_matches(const char *pattern, size_t length, const char *text);

bool text_ends_with(const char *text, const char *end);

#endif
