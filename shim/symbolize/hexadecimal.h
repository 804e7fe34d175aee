/* Numbers as addresses are written: hexadecimal, without 0x. */
#ifndef SYMBOLIZE_HEXADECIMAL_H
#define SYMBOLIZE_HEXADECIMAL_H

#include <stdbool.h>
#include <stdint.h>

/* Reads the digits at *text and moves it behind them. False, with nothing
 * changed, when there are none or more than 64 bits. */
bool hexadecimal_read(const char **text, uint64_t *ret_number);

/* The value of one digit, -1 when it is none. */
int hexadecimal_digit(char digit);

#endif
