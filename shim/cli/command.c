#include "cli/command.h"

const struct command commands[] = {
#define COMMAND(name, arguments, help) { #name, arguments, help, command_##name },
#include "cli/commands.def"
#undef COMMAND
};
const size_t command_count = sizeof(commands) / sizeof(commands[0]);
