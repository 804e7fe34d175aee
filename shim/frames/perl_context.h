/* Perl's stacks of contexts: bytes into a PERL_SI and a PERL_CONTEXT, alike in 5.32 to 5.42. */
#ifndef FRAMES_PERL_CONTEXT_H
#define FRAMES_PERL_CONTEXT_H

#include <stdbool.h>
#include <stdint.h>

enum { INFO_CONTEXTS = 8, INFO_PREVIOUS = 16, INFO_LAST = 32, INFO_MAX = 36, INFO_TYPE = 44,
       INFO_SIZE = 48 };
enum { INFO_MAIN = 1, INFO_DESTROY = 6 };

enum { CONTEXT_TYPE = 0, CONTEXT_EVAL = 2, CONTEXT_COP = 16, CONTEXT_RETURN = 48,
       CONTEXT_SUB = 72, CONTEXT_SIZE = 104 };
enum { TYPE_MASK = 0xf, TYPE_SUB = 9, TYPE_FORMAT = 10, TYPE_EVAL = 11 };
/* Of an eval: eval { }, or try { }. Of a sub: code in a pattern, whose sub is there twice. */
enum { EVAL_IS_BLOCK = 0x40, SUB_IS_FAKE = 0x80 };

enum { PHASE_START = 1, PHASE_RUN = 4, PHASE_END = 5, PHASE_DESTRUCT = 6 };

/* So many are looked at, calls or not: what is longer is no chain, or a ring. */
enum { STACKS_MAX = 1 << 12, CONTEXTS_MAX = 1 << 16 };

/* Ops are at multiples of 8: the lowest bit says that it is the next one. */
enum { IS_NEXT = 1 };

/* Is a context with that first byte a call? */
static inline bool perl_is_call(uint8_t type)
{
	switch (type & TYPE_MASK) {
	case TYPE_SUB:
		return !(type & SUB_IS_FAKE);
	case TYPE_EVAL:
		return !(type & EVAL_IS_BLOCK);
	default:
		return (type & TYPE_MASK) == TYPE_FORMAT;
	}
}

#endif
