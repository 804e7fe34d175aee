/* PHP's executor as plain memory: two frames of a script and one of its own functions, with
 * the offsets of any version.
 */
#ifndef FAKE_PHP_H
#define FAKE_PHP_H

#include <stddef.h>
#include <stdint.h>

#include "frames/php_object.h"

enum { FAKE_PHP_BYTES = 1 << 14, FAKE_PHP_OPLINES = 8 };

struct fake_php {
	_Alignas(16) unsigned char arena[FAKE_PHP_BYTES];
	size_t used;
	struct php_runtime runtime; /* where everything is */
	/* Innermost first: pg_close of PHP's own, Store->close, {main}. */
	struct php_frame *internal, *method, *main;
	struct php_opline *oplines; /* the method's, which executes the first of them */
	unsigned char *flags;       /* of the executor */
};

/* `file` is the offset of a function's file name. Sets php_runtime, with the offsets. */
void fake_php_init(struct fake_php *fake, uint32_t file);

/* A string of PHP's, and a value with its type. */
uintptr_t fake_php_string(struct fake_php *fake, const char *text, size_t length);
uintptr_t fake_php_value(struct fake_php *fake, uint64_t value, uint32_t type);

#endif
