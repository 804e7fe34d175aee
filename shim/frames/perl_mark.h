/* A number for the subs that a Perl interpreter runs, at a tenth of what the walk costs. */
#ifndef FRAMES_PERL_MARK_H
#define FRAMES_PERL_MARK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* As language.mark, of an interpreter whose memory is trusted: reads without a check. */
size_t perl_mark(uintptr_t interpreter, size_t max, uint64_t *mix, bool *ret_is_known);

#endif
