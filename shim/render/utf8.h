/* UTF-8 from programs, files and servers, which may be anything.
 *
 * Context: any thread.
 */
#ifndef RENDER_UTF8_H
#define RENDER_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of the character at `text` (1 to 4), with its number in *ret_code; 0 when
 * the bytes are no character: cut short, overlong, a surrogate, beyond 10FFFF. At
 * the final 0 it is 1 and the number 0. */
size_t utf8_read(const char *text, uint32_t *ret_code);

/* Is it safe to show? False for what moves a terminal's cursor, rings, starts an
 * escape sequence, breaks the line, or turns the direction of the text after it. */
bool utf8_is_printable(uint32_t code);

#endif
