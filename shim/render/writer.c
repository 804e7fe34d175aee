#include "render/writer.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "render/utf8.h"

enum { ESCAPE_MAX = sizeof("\\u202e") };

void writer_init(struct writer *writer, FILE *out, bool has_color)
{
	*writer = (struct writer){ .out = out, .has_color = has_color };
}

static void writer_fail(struct writer *writer)
{
	if (!writer->error)
		writer->error = errno ? -errno : -EIO;
}

void writer_put(struct writer *writer, const char *text)
{
	if (writer->error)
		return;
	errno = 0;
	if (fputs(text, writer->out) == EOF)
		writer_fail(writer);
}

void writer_format(struct writer *writer, const char *format, ...)
{
	va_list list;

	if (writer->error)
		return;
	errno = 0;
	va_start(list, format);
	if (vfprintf(writer->out, format, list) < 0)
		writer_fail(writer);
	va_end(list);
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

void writer_name(struct writer *writer, const char *name)
{
	char shown[ESCAPE_MAX];

	while (*name) {
		size_t length = name_next(name, shown);

		if (shown[0])
			writer_put(writer, shown);
		else
			writer_format(writer, "%.*s", (int)length, name);
		name += length;
	}
}

size_t writer_width(const char *name)
{
	char shown[ESCAPE_MAX];
	size_t width = 0;

	while (*name) {
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

int writer_finish(struct writer *writer)
{
	errno = 0;
	if (fflush(writer->out))
		writer_fail(writer);
	return writer->error;
}
