#include "symbolize/plain_report.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "symbolize/hexadecimal.h"

enum { BUILD_ID_MAX = 64 };

#define BUILD_ID_LABEL " (BuildId: "

/* The parts of a native frame's line, within it. */
struct native_line {
	const char *line;
	int number_length;  /* "    #3" */
	int address_length; /* "    #3 0x7f12345678" */
	const char *path;
	size_t path_length;
	uint64_t offset;
	uint8_t build_id[BUILD_ID_MAX];
	size_t build_id_length;
};

/* Reads bytes up to a final ')' at the end of the text. */
static bool read_build_id(struct native_line *native, const char *text)
{
	size_t length = 0;

	for (; hexadecimal_digit(text[0]) >= 0 && hexadecimal_digit(text[1]) >= 0; text += 2) {
		if (length == BUILD_ID_MAX)
			return false;
		native->build_id[length++] =
			(uint8_t)(hexadecimal_digit(text[0]) << 4 | hexadecimal_digit(text[1]));
	}
	if (!length || strcmp(text, ")") != 0)
		return false;
	native->build_id_length = length;
	return true;
}

static const char *find_last(const char *text, const char *wanted)
{
	const char *last = NULL;

	for (const char *at = text; (at = strstr(at, wanted)); at++)
		last = at;
	return last;
}

/* Reads "(PATH+0xOFFSET)", and the build-id. The path may contain all that
 * separates the parts, so this looks for the last of each. */
static bool read_module(struct native_line *native, const char *text)
{
	const char *end = text + strlen(text);
	const char *label = find_last(text, BUILD_ID_LABEL);
	const char *offset, *digits;

	if (label && label > text && label[-1] == ')' &&
	    read_build_id(native, label + strlen(BUILD_ID_LABEL)))
		end = label;
	if (*text++ != '(')
		return false;
	for (offset = end; offset > text && strncmp(offset, "+0x", 3) != 0; offset--)
		;
	if (offset == text)
		return false;
	native->path = text;
	native->path_length = (size_t)(offset - text);
	digits = offset + 3;
	return hexadecimal_read(&digits, &native->offset) && *digits == ')' && digits + 1 == end;
}

static bool read_line(struct native_line *native, const char *line)
{
	const char *at = line + strspn(line, " ");
	uint64_t address;

	*native = (struct native_line){ .line = line };
	if (*at++ != '#' || !strspn(at, "0123456789"))
		return false;
	at += strspn(at, "0123456789");
	native->number_length = (int)(at - line);
	if (strncmp(at, " 0x", 3) != 0)
		return false;
	at += 3;
	if (!hexadecimal_read(&at, &address) || *at != ' ')
		return false;
	native->address_length = (int)(at - line);
	return read_module(native, at + 1);
}

static size_t find(struct symbolizer *symbolizer, const struct native_line *native,
		   struct symbolizer_location *locations)
{
	struct symbolizer_module module = {
		.path = strndup(native->path, native->path_length),
		.build_id = native->build_id,
		.build_id_length = native->build_id_length,
	};
	size_t count = 0;

	/* The call ends where the return address begins. */
	if (module.path && native->offset)
		count = symbolizer_find(symbolizer, &module, native->offset - 1, locations);
	free((char *)module.path);
	return count;
}

static void write_location(FILE *out, const struct native_line *native,
			   const struct symbolizer_location *location)
{
	if (location->function)
		fprintf(out, "%.*s %s", native->number_length, native->line, location->function);
	else
		fprintf(out, "%.*s", native->address_length, native->line);
	if (location->file && location->line)
		fprintf(out, " %s:%" PRIu32, location->file, location->line);
	else if (location->file)
		fprintf(out, " %s", location->file);
	else if (!location->is_inlined)
		fprintf(out, " (%.*s+0x%" PRIx64 ")", (int)native->path_length, native->path,
			native->offset);
	fputs(location->is_inlined ? " (inlined)\n" : "\n", out);
}

/* False when the line must stay as it is. */
static bool complete_line(FILE *out, const char *line, struct symbolizer *symbolizer)
{
	struct symbolizer_location locations[SYMBOLIZER_INLINE_MAX];
	struct native_line native;
	size_t count;

	if (!read_line(&native, line))
		return false;
	count = find(symbolizer, &native, locations);
	for (size_t i = 0; i < count; i++)
		write_location(out, &native, &locations[i]);
	return count > 0;
}

int plain_report_symbolize(FILE *in, FILE *out, struct symbolizer *symbolizer)
{
	char *line = NULL;
	size_t capacity = 0;
	ssize_t length;
	int error = 0;

	errno = 0;
	while (!error && (length = getline(&line, &capacity, in)) >= 0) {
		bool is_whole = length > 0 && line[length - 1] == '\n';
		bool is_done = false;

		/* A line with a 0 in it is not the shim's. */
		if (is_whole && !memchr(line, 0, (size_t)length)) {
			line[length - 1] = 0;
			is_done = complete_line(out, line, symbolizer);
			line[length - 1] = '\n';
		}
		if (!is_done)
			fwrite(line, 1, (size_t)length, out);
		if (ferror(out))
			error = errno ? -errno : -EIO;
	}
	if (!error && ferror(in))
		error = errno ? -errno : -EIO;
	if (!error && fflush(out) != 0)
		error = -errno;
	free(line);
	return error;
}
