#include <argp.h>
#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "cli/say.h"
#include "symbolize/plain_report.h"

static error_t parse(int key, char *value, struct argp_state *state)
{
	const char **path = state->input;

	if (key != ARGP_KEY_ARG)
		return ARGP_ERR_UNKNOWN;
	if (*path)
		argp_error(state, "one file at a time");
	*path = value;
	return 0;
}

/* The shim's first line, or, of a part, a line of a stack. */
static bool is_of_report(const char *line)
{
	const char *text = line + strspn(line, " ");

	return strstr(line, "; plain report, complete it with ") ||
	       (text > line && text[0] == '#' && isdigit((unsigned char)text[1]));
}

/* Completes what `in` has. Returns 0, or -Exxx: -ENOMSG, all the same with the output, when
 * nothing in it is of a plain report. */
static int symbolize(FILE *in, struct symbolizer *symbolizer)
{
	char *line = NULL, *bytes = NULL;
	size_t capacity = 0, size = 0;
	ssize_t length;
	bool is_report = false;
	FILE *whole = open_memstream(&bytes, &size);
	int error = whole ? 0 : -ENOMEM;

	errno = 0;
	while (!error && (length = getline(&line, &capacity, in)) >= 0) {
		is_report = is_report || is_of_report(line);
		fwrite(line, 1, (size_t)length, whole);
	}
	if (!error && ferror(in))
		error = errno ? -errno : -EIO;
	free(line);
	if (whole && fclose(whole) && !error)
		error = -ENOMEM;
	whole = !error && size ? fmemopen(bytes, size, "r") : NULL;
	if (whole) {
		error = plain_report_symbolize(whole, stdout, symbolizer);
		fclose(whole);
	} else if (!error && size) {
		error = -errno;
	}
	free(bytes);
	return error || is_report ? error : -ENOMSG;
}

int command_symbolize(int argc, char **argv)
{
	const struct argp argp = {
		.parser = parse,
		.args_doc = "[FILE]",
		.doc = "Adds functions, files and lines to a plain report, which the shim writes "
		       "when it finds no companion. Reads standard input without FILE.",
	};
	struct symbolizer_options options = { .use_debuginfod = false };
	struct symbolizer *symbolizer;
	const char *path = NULL;
	FILE *in = stdin;
	int error;

	if (argp_parse(&argp, argc, argv, 0, NULL, &path))
		return STATUS_USAGE;
	if (path && !(in = fopen(path, "re"))) {
		say("cannot read '%s': %s", path, strerror(errno));
		return STATUS_TROUBLE;
	}
	symbolizer = symbolizer_new(&options);
	error = symbolizer ? symbolize(in, symbolizer) : -ENOMEM;
	symbolizer_free(symbolizer);
	if (path)
		fclose(in);
	if (error == -ENOMSG)
		say("'%s' has no plain report, as the shim writes without its companion",
		    path ? path : "standard input");
	else if (error)
		say("cannot complete '%s': %s", path ? path : "standard input", strerror(-error));
	return error ? STATUS_TROUBLE : STATUS_OK;
}
