/* Where the variables of Perl's interpreter are, by version. */
#ifndef FRAMES_PERL_LAYOUT_H
#define FRAMES_PERL_LAYOUT_H

#include <stdint.h>

enum perl_variable {
	PERL_OP,           /* what runs now */
	PERL_PAD,          /* the lexicals of the running sub */
	PERL_SAVED,        /* what is put back when scopes end: an array of words */
	PERL_SAVED_COUNT,
	PERL_COP,          /* the statement that runs: file and line */
	PERL_STACK,
	PERL_STACK_INFO,   /* the innermost stack of contexts */
	PERL_MAIN_ROOT,    /* the program's code; 0 when it is gone */
	PERL_PHASE,
	PERL_VARIABLE_COUNT
};

struct perl_layout {
	uintptr_t place[PERL_VARIABLE_COUNT]; /* added to the interpreter's address */
	uint16_t size;                        /* of the interpreter, with threads */
};

/* The layout of Perl 5.`minor` with threads. 0, or -ENOTSUP when it is not known. */
int perl_layout_init(unsigned minor, struct perl_layout *ret);

/* That of a Perl without threads, whose variables are exported, each as a symbol; the
 * interpreter's address is then 0. 0, or -ENOTSUP for an unknown version, or when they
 * are not there. */
int perl_layout_init_single(unsigned minor, struct perl_layout *ret);

#endif
