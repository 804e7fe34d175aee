/* The command line of `run` and `report`: the options of options.def as long
 * options, put into the environment, from where they are read in one way. */
#ifndef CLI_ARGUMENTS_H
#define CLI_ARGUMENTS_H

#include <argp.h>
#include <stdbool.h>

#include "base/options.h"

/* A child parser for a command's own argp: --log, --format, ... and -v. A value
 * that is not allowed ends the program with STATUS_USAGE and one line. */
extern const struct argp arguments_options;

/* Has every row as a long option; NULL for one that has none (PQLEAK itself, and
 * PQLEAK_HELP, which argp's --help is). Valid until the next call. */
const char *arguments_option_name(const struct option_row *row);

/* Reads the environment into `options`. Says each bad value, when `is_speaking`,
 * and takes it out of the environment: what a child would say again. */
void arguments_read_environment(struct options *options, bool is_speaking);

#endif
