/* Perl's compiled code: a tree of ops, with the order in which they run beside it. */
#ifndef FRAMES_PERL_OP_H
#define FRAMES_PERL_OP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The statement whose line counts for what runs at `op`: `cop`, the last one that ran, or
 * one that the optimiser took out after it (the first of a block), as caller() and warn()
 * have it. `is_next`: `op` is not what runs, but what comes next. */
uintptr_t perl_statement(uintptr_t cop, uintptr_t op, bool is_next);

/* Is there an exit at this address, which may be anything? */
bool perl_op_is_exit(uintptr_t op);

/* Writes what `op` calls: the bare name of a method or function, "?" when it calls what
 * has no name there, "" when it is no call. `pad` is the running sub's. */
void perl_called(uintptr_t op, uintptr_t pad, char *ret, size_t size);

#endif
