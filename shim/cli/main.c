/* The companion: `pqleak COMMAND ...`, one file a command. */
#include <argp.h>
#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "cli/inheritance.h"
#include "cli/say.h"

/* libc looks it up in us: it must not be hidden, as all else is. */
__attribute__((visibility("default"))) const char *argp_program_version = "pqleak " PQLEAK_VERSION;

static const struct command *command_find(const char *name)
{
	for (size_t i = 0; i < command_count; i++) {
		if (!strcmp(commands[i].name, name))
			return &commands[i];
	}
	return NULL;
}

int main(int argc, char **argv)
{
	const struct command *command;
	char name[64];

	inheritance_take();
	argp_err_exit_status = STATUS_USAGE;
	if (argc > 1 && (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V"))) {
		puts(argp_program_version);
		return fflush(stdout) ? STATUS_TROUBLE : STATUS_OK;
	}
	if (argc > 1 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-?")))
		return command_help(1, argv);
	if (argc < 2) {
		say("a command is missing: 'pqleak help' lists them");
		return STATUS_USAGE;
	}
	command = command_find(argv[1]);
	if (!command) {
		say("no command '%s': 'pqleak help' lists them", argv[1]);
		return STATUS_USAGE;
	}
	/* argp names the program by argv[0] in its messages. */
	snprintf(name, sizeof(name), "pqleak %s", command->name);
	argv[1] = name;
	return command->run(argc - 1, argv + 1);
}
