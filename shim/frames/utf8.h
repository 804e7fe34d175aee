/* Characters to UTF-8, in a buffer of the caller's.
 *
 * Context: any, signal handlers included.
 */
#ifndef FRAMES_UTF8_H
#define FRAMES_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Appends `character` at `*used` and moves it on. Surrogates, which UTF-8 cannot have,
 * become U+FFFD. False, with nothing written, when it and a final 0 do not fit. */
bool utf8_add(uint32_t character, char *bytes, size_t *used, size_t size);

/* Takes a character that was cut off its last bytes from the end. */
void utf8_trim(const char *bytes, size_t *used);

/* Makes each byte that is no part of UTF-8 a '?', except a character that is cut off at
 * the end. */
void utf8_repair(char *bytes, size_t count);

/* Copies `length` bytes that should be UTF-8, repaired, and ends them with 0; what does not
 * fit is left out at a character. */
void utf8_copy(const char *bytes, size_t length, char *ret, size_t size);

#endif
