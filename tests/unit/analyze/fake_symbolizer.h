/* The symbolizer's interface over a table that the test fills: names without files.
 * An offset is looked up as the real one gets it: less 1 for a return address. */
#ifndef FAKE_SYMBOLIZER_H
#define FAKE_SYMBOLIZER_H

#include <stdint.h>

#include "symbolize/symbolizer.h"

/* `offset` is the return address. The strings are kept by reference. */
void fake_symbol(const char *path, uint64_t offset, const char *function);
/* With file and line; several at one offset: the former is inlined into the latter. */
void fake_line(const char *path, uint64_t offset, const char *function, const char *file,
	       uint32_t line);
/* Why a module has no names; one at a time. */
void fake_problem(const char *path, const char *problem);
void fake_symbols_clear(void);

#endif
