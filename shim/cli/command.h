/* The commands of `pqleak`, and what they share. */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include <stddef.h>

enum command_status {
	STATUS_OK = 0,
	STATUS_TROUBLE = 1,         /* something could not be read or written */
	STATUS_USAGE = 2,           /* a wrong command line; nothing was done */
	STATUS_FAILING = 23,        /* the report has a verdict of PQLEAK_FAIL_ON */
	STATUS_NOT_COVERED = 24,    /* of doctor: connections that are not recorded */
	STATUS_NOT_STARTED = 125,   /* of run and doctor: trouble of ours before the program */
	STATUS_CANNOT_EXECUTE = 126, /* of run: as shells have it */
	STATUS_NOT_FOUND = 127
};

struct command {
	const char *name;
	const char *arguments;
	const char *help;
	/* argv[0] is "pqleak NAME". Returns the exit status. */
	int (*run)(int argc, char **argv);
};

extern const struct command commands[];
extern const size_t command_count;

#define COMMAND(name, arguments, help) int command_##name(int argc, char **argv);
#include "cli/commands.def"
#undef COMMAND

#endif
