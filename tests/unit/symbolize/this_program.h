/* The running test program as a module to look things up in: it has debug
 * information, and it knows its own answers.
 */
#ifndef THIS_PROGRAM_H
#define THIS_PROGRAM_H

#include <stdint.h>

#include "symbolize/symbolizer.h"

/* With its real path and build-id. */
struct symbolizer_module this_program(void);

/* Of a function in it, in p_vaddr terms. */
uint64_t this_program_offset(const void *function);

/* Copies it to a new file; the first `size` bytes, all when 0. */
void this_program_copy(const char *path, uint64_t size);

#endif
