/* Writes a text report to a stream, line by line, and remembers the first failure, so
 * that the callers need not look at every write. Where a width is given, a longer
 * line goes on in the next, at WRITER_INDENT; a word that is longer stays whole, since
 * a path is there to be copied.
 *
 * What others named (functions, files, databases, application names) goes
 * through writer_name: a name must not write escape sequences to a terminal.
 */
#ifndef RENDER_WRITER_H
#define RENDER_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum writer_color { COLOR_NONE, COLOR_BOLD, COLOR_DIM, COLOR_RED, COLOR_YELLOW, COLOR_GREEN };

enum { WRITER_INDENT = 10 }; /* columns before the text of a report */

struct writer {
	FILE *out;
	int error; /* 0, or -Exxx of the first write that failed */
	bool has_color;
	size_t width; /* columns; 0: lines are as long as they are */
	char *line;   /* the one that is being written */
	size_t line_length, line_size;
};

/* writer_finish lets go of what it holds. */
void writer_init(struct writer *writer, FILE *out, bool has_color, size_t width);

/* Ours, as it is. */
void writer_put(struct writer *writer, const char *text);

/* Ours, with numbers: a %s would bypass writer_name. */
void writer_format(struct writer *writer, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Somebody else's text: what is not printable becomes \xNN or \uNNNN. */
void writer_name(struct writer *writer, const char *name);

/* The same, of its first characters, as many as `columns` can hold. */
void writer_name_cut(struct writer *writer, const char *name, size_t columns);

/* Columns that writer_name takes for `name`, one a character. */
size_t writer_width(const char *name);

void writer_pad(struct writer *writer, size_t columns);

/* Columns that are left in this line; SIZE_MAX without a width. */
size_t writer_left(const struct writer *writer);

/* Until the next writer_color; COLOR_NONE ends it. Nothing without has_color. */
void writer_color(struct writer *writer, enum writer_color color);

/* Writes what is left, flushes. Returns 0, or -Exxx of the first failure. */
int writer_finish(struct writer *writer);

#endif
