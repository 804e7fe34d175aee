/* Text built in a buffer of the caller's, without malloc or stdio.
 *
 * What does not fit is cut, `is_cut` tells; the bytes always end with 0.
 * Context: any, signal handlers included. Keeps errno.
 */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct text {
	char *bytes;
	size_t capacity; /* with the final 0 */
	size_t length;   /* without it */
	bool is_cut;
};

/* Begins an empty text in `bytes`, which has room for `capacity` > 0. */
void text_init(struct text *text, char *bytes, size_t capacity);

void text_add_bytes(struct text *text, const char *bytes, size_t length);
void text_add(struct text *text, const char *string);
void text_add_number(struct text *text, int64_t number);
void text_add_unsigned(struct text *text, uint64_t number);
/* Lower case, without 0x, at least `digits` digits. */
void text_add_hex(struct text *text, uint64_t number, unsigned digits);

/* A little printf: %s, %d (int), %u (unsigned), %l (int64_t), %L (uint64_t),
 * %x (uint64_t, hex), %e (int, an errno: its text) and %%. */
void text_format(struct text *text, const char *format, ...);
void text_format_list(struct text *text, const char *format, va_list list);

/* Reads all of `string` as a decimal number. False when it is not one, or overflows. */
bool text_read_unsigned(const char *string, uint64_t *ret_number);

#endif
