#include "render/writer.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "render/utf8.h"

enum { ESCAPE_MAX = sizeof("\\u202e") };

void writer_init(struct writer *writer, FILE *out, bool has_color, size_t width)
{
	*writer = (struct writer){ .out = out, .has_color = has_color, .width = width };
}

static void writer_fail(struct writer *writer, int error)
{
	if (!writer->error)
		writer->error = error ? -error : -EIO;
}

static void bytes_write(struct writer *writer, const char *bytes, size_t size)
{
	errno = 0;
	if (!writer->error && fwrite(bytes, 1, size, writer->out) != size)
		writer_fail(writer, errno);
}

/* Bytes of what stands at `text`, in *ret_columns how many columns it takes: none for
 * a colour, which is the only escape sequence that reaches a line. */
static size_t item_length(const char *text, size_t *ret_columns)
{
	size_t length = 1;

	*ret_columns = *text != '\033';
	if (*text == '\033')
		return strcspn(text, "m") + 1;
	while (((unsigned char)text[length] & 0xc0) == 0x80)
		length++;
	return length;
}

/* Where a line that begins in `column` is to end: at the last blank before the width,
 * else at the first after it; the length of the text when it fits. */
static size_t line_break(const struct writer *writer, const char *text, size_t column)
{
	size_t found = 0, at = 0, columns;

	while (text[at]) {
		if (text[at] == ' ' && column >= WRITER_INDENT && text[at - 1] != ' ')
			found = at;
		if (column >= writer->width && found)
			return found;
		at += item_length(text + at, &columns);
		column += columns;
	}
	return at;
}

static void line_write(struct writer *writer)
{
	const char *text = writer->line;
	size_t column = 0;

	while (writer->width) {
		size_t length = line_break(writer, text, column);

		if (!text[length])
			break;
		bytes_write(writer, text, length);
		bytes_write(writer, "\n", 1);
		text += length + strspn(text + length, " ");
		column = WRITER_INDENT;
		for (size_t i = 0; i < column; i++)
			bytes_write(writer, " ", 1);
	}
	bytes_write(writer, text, strlen(text));
	writer->line_length = 0;
	writer->line[0] = 0;
}

static void line_add(struct writer *writer, const char *text, size_t length)
{
	size_t size = writer->line_length + length + 1;

	if (size > writer->line_size) {
		char *line = realloc(writer->line, size * 2);

		if (!line) {
			writer_fail(writer, ENOMEM);
			return;
		}
		writer->line = line;
		writer->line_size = size * 2;
	}
	memcpy(writer->line + writer->line_length, text, length);
	writer->line_length += length;
	writer->line[writer->line_length] = 0;
}

void writer_put(struct writer *writer, const char *text)
{
	while (*text && !writer->error) {
		size_t length = strcspn(text, "\n");

		line_add(writer, text, length);
		text += length;
		if (*text && !writer->error) {
			line_write(writer);
			bytes_write(writer, "\n", 1);
			text++;
		}
	}
}

void writer_format(struct writer *writer, const char *format, ...)
{
	va_list list;
	char *text = NULL;
	int length;

	va_start(list, format);
	length = vasprintf(&text, format, list);
	va_end(list);
	if (length < 0) {
		writer_fail(writer, ENOMEM);
		return;
	}
	writer_put(writer, text);
	free(text);
}

/* Takes one character off *name, and fills `shown` with what stands for it when
 * it cannot be shown itself; "" when it can. Returns its bytes. */
static size_t name_next(const char *name, char shown[ESCAPE_MAX])
{
	uint32_t code;
	size_t length = utf8_read(name, &code);

	shown[0] = 0;
	if (length == 0) {
		length = 1;
		snprintf(shown, ESCAPE_MAX, "\\x%02x", (unsigned char)*name);
	} else if (!utf8_is_printable(code)) {
		snprintf(shown, ESCAPE_MAX, code < 0x100 ? "\\x%02x" : "\\u%04x",
			 code & 0xffffu);
	}
	return length;
}

/* Most names are of nothing but these: bytes that are shown as they are. */
static size_t plain_length(const char *name, size_t most)
{
	size_t length = 0;

	while (length < most && name[length] >= ' ' && name[length] <= '~')
		length++;
	return length;
}

void writer_name_cut(struct writer *writer, const char *name, size_t columns)
{
	char shown[ESCAPE_MAX];

	while (*name) {
		size_t plain = plain_length(name, columns);
		size_t length, width;

		if (plain)
			line_add(writer, name, plain);
		name += plain;
		columns -= plain;
		if (!*name)
			return;
		length = name_next(name, shown);
		width = shown[0] ? strlen(shown) : 1;
		if (width > columns)
			return;
		columns -= width;
		if (shown[0])
			writer_put(writer, shown);
		else
			line_add(writer, name, length);
		name += length;
	}
}

void writer_name(struct writer *writer, const char *name)
{
	writer_name_cut(writer, name, SIZE_MAX);
}

size_t writer_width(const char *name)
{
	char shown[ESCAPE_MAX];
	size_t width = 0;

	while (*name) {
		size_t plain = plain_length(name, SIZE_MAX);

		name += plain;
		width += plain;
		if (!*name)
			break;
		name += name_next(name, shown);
		width += shown[0] ? strlen(shown) : 1;
	}
	return width;
}

void writer_pad(struct writer *writer, size_t columns)
{
	writer_format(writer, "%*s", (int)columns, "");
}

void writer_color(struct writer *writer, enum writer_color color)
{
	static const char *const sequences[] = {
		[COLOR_NONE] = "\033[0m", [COLOR_BOLD] = "\033[1m",
		[COLOR_DIM] = "\033[2m",  [COLOR_RED] = "\033[1;31m",
		[COLOR_YELLOW] = "\033[33m", [COLOR_GREEN] = "\033[32m",
	};

	if (writer->has_color)
		writer_put(writer, sequences[color]);
}

size_t writer_left(const struct writer *writer)
{
	size_t column = 0, columns;

	if (!writer->width)
		return SIZE_MAX;
	for (size_t at = 0; at < writer->line_length; column += columns)
		at += item_length(writer->line + at, &columns);
	return column < writer->width ? writer->width - column : 0;
}

int writer_finish(struct writer *writer)
{
	if (writer->line_length)
		line_write(writer);
	free(writer->line);
	writer->line = NULL;
	errno = 0;
	if (fflush(writer->out))
		writer_fail(writer, errno);
	return writer->error;
}
