#include <stdio.h>
#include <string.h>

#include "cli/arguments.h"
#include "cli/command.h"
#include "cli/say.h"

static void print_options(void)
{
	printf("\nOptions, also in the environment: --fail-on is PQLEAK_FAIL_ON\n");
	for (size_t i = 0; i < option_count; i++) {
		const struct option_row *row = &option_rows[i];
		const char *name = arguments_option_name(row);

		if (name)
			printf("  --%s", name);
		else
			printf("  %s (environment only)", row->environment);
		printf("\n      %s\n      %s", row->help, row->values);
			printf("%s%s\n", *row->value ? "; default " : "", row->value);
	}
}

int command_help(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "--help")) {
		say("help takes no arguments: 'pqleak %s --help' tells about one command", argv[1]);
		return STATUS_USAGE;
	}
	printf("Usage: pqleak COMMAND ...\n\n");
	for (size_t i = 0; i < command_count; i++) {
		if (!*commands[i].help)
			continue;
		printf("  pqleak %s%s%s\n      %s\n", commands[i].name,
		       *commands[i].arguments ? " " : "", commands[i].arguments,
		       commands[i].help);
	}
	print_options();
	return fflush(stdout) ? STATUS_TROUBLE : STATUS_OK;
}
