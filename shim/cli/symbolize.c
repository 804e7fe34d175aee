#include <argp.h>
#include <errno.h>
#include <stdio.h>
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
	error = symbolizer ? plain_report_symbolize(in, stdout, symbolizer) : -ENOMEM;
	symbolizer_free(symbolizer);
	if (path)
		fclose(in);
	if (error)
		say("cannot complete '%s': %s", path ? path : "standard input", strerror(-error));
	return error ? STATUS_TROUBLE : STATUS_OK;
}
