/* An interpreter of Perl 5.32 to 5.42 made of plain memory: as much of its values and code
 * as a walk reads, at the offsets that version has.
 *
 *	(main) of /fake/main.pl, line 30
 *	  eval { }
 *	    Fake::Größe::inner, line 12: the first statement of a block, taken out, which calls
 *	    the method `disconnect`
 */
#ifndef FAKE_PERL_H
#define FAKE_PERL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FAKE_PERL_SIZE = 16384 };

/* Of the innermost frame. */
#define FAKE_PERL_FILE "/fake/gr\xc3\xb6\xc3\x9f" "er.pm"

struct fake_perl {
	_Alignas(16) uint8_t arena[FAKE_PERL_SIZE];
	size_t used;
	uintptr_t interpreter; /* to give to perl_walk() and the like */
	uintptr_t call;        /* the op that runs: $handle->disconnect */
	uintptr_t root;        /* the program's op */
	uintptr_t info;        /* the stack of contexts */
	uintptr_t package;     /* Fake::Größe */
};

/* Fills `fake`, and perl_runtime to read it. */
void fake_perl_init(struct fake_perl *fake, unsigned minor, bool has_threads);

/* Changes what the interpreter has. */
void fake_perl_set_phase(struct fake_perl *fake, int32_t phase);
/* DESTROY, written in C, is called from the innermost frame. */
void fake_perl_destroy(struct fake_perl *fake);
/* Puts a word on what is put back when scopes end, as an op is. */
void fake_perl_save(struct fake_perl *fake, uintptr_t word);

#endif
