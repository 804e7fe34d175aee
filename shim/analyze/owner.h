/* Whose code a frame runs: the program's, or a library's, and which. */
#ifndef ANALYZE_OWNER_H
#define ANALYZE_OWNER_H

#include <stdbool.h>

#include "analyze/arena.h"
#include "ledger/layout.h"

enum owner {
	OWNER_PROGRAM,
	OWNER_PACKAGE, /* an installed package that is not a known library: maybe the program's */
	OWNER_LIBRARY
};

/* `path` is the file of a language frame, the module of a native one. Fills
 * *ret_library, "" for the program's own. */
enum owner owner_find(struct arena *arena, enum ledger_language language, const char *path,
		      bool is_main_module, const char **ret_library);

/* The library whose source file was compiled into a program's own module; "" when the
 * file is the program's, too. */
const char *owner_of_source(const char *file);

#endif
