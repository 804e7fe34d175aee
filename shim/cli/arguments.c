#include "cli/arguments.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "cli/say.h"

enum {
	NAME_MAX_LENGTH = 32,
	HELP_MAX_LENGTH = 256,
	KEY_FIRST = 1000, /* beyond characters: no short options */
#define OPTION(...) +1
	ROW_COUNT = 0
#include "base/options.def"
#undef OPTION
};

const char *arguments_option_name(const struct option_row *row)
{
	static char name[NAME_MAX_LENGTH];
	static const char prefix[] = "PQLEAK_";
	size_t i = 0;

	if (strncmp(row->environment, prefix, strlen(prefix)) ||
	    !strcmp(row->environment, "PQLEAK_HELP"))
		return NULL;
	for (const char *at = row->environment + strlen(prefix); *at && i < sizeof(name) - 1; at++)
		name[i++] = *at == '_' ? '-' : (char)tolower((unsigned char)*at);
	name[i] = 0;
	return name;
}

static bool is_boolean(const struct option_row *row)
{
	return !strcmp(row->values, "0 or 1");
}

static error_t set_option(const struct option_row *row, const char *value)
{
	if (!option_is_valid(row, value)) {
		say("--%s='%s' is not allowed: give %s", arguments_option_name(row), value,
		    row->values);
		exit(STATUS_USAGE);
	}
	return setenv(row->environment, value, 1) ? errno : 0;
}

static error_t parse(int key, char *value, struct argp_state *state)
{
	(void)state;
	if (key == 'v')
		return setenv("PQLEAK_VERBOSE", "1", 1) ? errno : 0;
	if (key >= KEY_FIRST && key < KEY_FIRST + ROW_COUNT)
		return set_option(&option_rows[key - KEY_FIRST], value ? value : "1");
	return ARGP_ERR_UNKNOWN;
}

/* argp reads its table when the program's arguments are parsed: it is filled
 * before main, from the rows. */
static struct argp_option table[ROW_COUNT + 2];
static char table_names[ROW_COUNT][NAME_MAX_LENGTH];
static char table_helps[ROW_COUNT][HELP_MAX_LENGTH];

const struct argp arguments_options = { .options = table, .parser = parse };

__attribute__((constructor)) static void fill_table(void)
{
	struct argp_option *next = table;

	for (size_t i = 0; i < option_count; i++) {
		const struct option_row *row = &option_rows[i];
		const char *name = arguments_option_name(row);

		if (!name)
			continue;
		snprintf(table_helps[i], HELP_MAX_LENGTH, "%s: %s", row->help, row->values);
		*next++ = (struct argp_option){
			.name = strcpy(table_names[i], name),
			.key = KEY_FIRST + (int)i,
			.arg = "VALUE",
			.flags = is_boolean(row) ? OPTION_ARG_OPTIONAL : 0,
			.doc = table_helps[i],
		};
	}
	*next = (struct argp_option){ .name = NULL, .key = 'v', .doc = "the same as --verbose" };
}

void arguments_read_environment(struct options *options, bool is_speaking)
{
	char problems[OPTION_PROBLEM_MAX];
	char *rest = problems;

	if (options_read(options, getenv, problems) == 0)
		return;
	for (char *line; is_speaking && (line = strsep(&rest, "\n"));)
		say("%s", line);
	for (size_t i = 0; i < option_count; i++) {
		const char *value = getenv(option_rows[i].environment);

		if (value && *value && !option_is_valid(&option_rows[i], value))
			unsetenv(option_rows[i].environment);
	}
}
