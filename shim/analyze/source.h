/* Lines of source files, to show beside frames.
 *
 * The paths came out of a ledger: only regular files are read, never a device or
 * a pipe that would block, and never more than a bounded part.
 *
 * A report shows many lines of few files: those looked at last stay in memory until
 * source_forget.
 */
#ifndef ANALYZE_SOURCE_H
#define ANALYZE_SOURCE_H

#include <stddef.h>
#include <stdint.h>

enum { SOURCE_LINE_MAX = 160 };

/* Reads line `line` (the first is 1) of `file`, without the blanks around it, cut
 * at SOURCE_LINE_MAX. Returns 0, -ENOENT when there is no such line, or -Exxx. */
int source_read(const char *file, uint32_t line, char ret_text[SOURCE_LINE_MAX]);

/* Frees the files that were read: the next report sees what they are then. */
void source_forget(void);

#endif
