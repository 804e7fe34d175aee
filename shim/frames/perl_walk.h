/* The subs that a Perl interpreter runs, innermost first, as caller() tells them. */
#ifndef FRAMES_PERL_WALK_H
#define FRAMES_PERL_WALK_H

#include "frames/language.h"

/* As language.h has it, of one interpreter. */
size_t perl_walk(uintptr_t interpreter, struct language_frame *frames, size_t max,
		 bool *ret_is_truncated);
int perl_describe(const struct language_frame *frame, struct language_description *ret);

/* Was C code called here as the DESTROY of an object that nothing refers to any more? */
bool perl_is_destroying(uintptr_t interpreter);

/* Does a DESTROY run, here or further out? */
bool perl_has_destroy(uintptr_t interpreter);

/* Has the program ended, and its objects are destroyed? Leaves this thread's reads guarded. */
bool perl_is_ending(uintptr_t interpreter);

/* Were all subs, and the program, left by exit? What is in temporaries goes after that. */
bool perl_is_left(uintptr_t interpreter);

/* Is there an interpreter at this address? A thread may keep that of one that is gone. */
bool perl_is_alive(uintptr_t interpreter);

/* Does it say that it runs, or compiles, a program? */
bool perl_is_running(uintptr_t interpreter);

#endif
