/* What a frame is calling: the name by which its current instruction calls.
 *
 * Up to 3.10 the instruction that loaded the callee is found by counting the
 * stack backwards; from 3.11 on, where instructions are rewritten as they run and
 * cannot be walked backwards, by the source columns of the call.
 */
#ifndef FRAMES_PYTHON_CALL_H
#define FRAMES_PYTHON_CALL_H

#include "frames/language.h"

/* How a call names what it calls. */
enum python_callee_kind {
	CALLEE_NONE,    /* the instruction is no call */
	CALLEE_NAMED,   /* `index` into co_names */
	CALLEE_LOCAL,   /* into co_varnames, or co_localsplusnames */
	CALLEE_CLOSURE, /* into co_cellvars, then co_freevars; up to 3.10 */
	CALLEE_EXIT,    /* the end of a `with` block */
	CALLEE_UNNAMED  /* a call of something else, or its name cannot be found */
};

struct python_callee {
	enum python_callee_kind kind;
	uint32_t index;
};

/* What `frame` calls by its current instruction, asked for once a place in the code. */
struct python_callee python_callee_of(const struct language_frame *frame);

/* Up to 3.10. */
struct python_callee python_callee_by_stack(const struct language_frame *frame);
/* From 3.11 on. */
struct python_callee python_callee_by_columns(const struct language_frame *frame);

/* Writes the name that `frame`, the innermost one of `thread`, is calling: "" when it is
 * not calling, "?" when it is calling something without a plain name. */
void python_called(uintptr_t thread, const struct language_frame *frame, char *ret, size_t size);

#endif
