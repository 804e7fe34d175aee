/* Perl's values, as a process's one Perl has them, read with distrust: a reader checks a
 * value's type before it reads further. What has the same place in 5.32 to 5.42 is named
 * here, with threads or without.
 *
 * Context: the interpreter's own thread. Keeps errno, allocates nothing: Perl_cv_name and
 * caller() would make values.
 */
#ifndef FRAMES_PERL_OBJECT_H
#define FRAMES_PERL_OBJECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "frames/perl_layout.h"
#include "frames/symbols.h"

/* Numbers of the ops that are looked for, which differ between versions. */
struct perl_opcodes {
	uint16_t null, next_statement, scope, glob, sub_of_value;
	uint16_t call, go_to, method_named, method_super, method_redirected,
		method_redirected_super;
	uint16_t eval_text;
};

/* What attach() found. Written under its lock, before any frame is read. */
struct perl_runtime {
	unsigned minor; /* of 5.minor */
	struct perl_layout layout;
	struct perl_opcodes opcodes;
	uintptr_t first; /* address of PL_curinterp: the process's first interpreter */
	uintptr_t key;   /* address of PL_thr_key: this thread's; 0 without threads */
	uintptr_t exit_function; /* what an exit runs; 0 unknown */
	struct symbol code; /* the interpreter's, all of it */
};

extern struct perl_runtime perl_runtime;

/* Address of a variable of `interpreter`. */
static inline uintptr_t perl_variable(uintptr_t interpreter, enum perl_variable variable)
{
	return interpreter + perl_runtime.layout.place[variable];
}

/* Bytes into a COP: a statement. */
enum { PERL_COP_LINE = 36, PERL_COP_FILE = 48, PERL_COP_SEQUENCE = 60 };

/* Writes the qualified name of a sub: "main::connect", "main::__ANON__". `ret` has room
 * for `size` bytes, ends with 0, and is cut at a character. 0, or -EFAULT when it is no
 * sub. */
int perl_sub_name(uintptr_t sub, char *ret, size_t size);

/* The same for what a method call or a function call names, without a package: a string,
 * a glob, or a reference to a sub. */
int perl_bare_name(uintptr_t value, char *ret, size_t size);

/* The same for a statement's file. */
int perl_file_name(uintptr_t cop, char *ret, size_t size);

#endif
