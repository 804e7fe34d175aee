/* Run while building: fills the tables of the code into the template of a manual
 * page, so that the page cannot drift from what the program does.
 *
 *	manual TEMPLATE WORD=VALUE ...
 *
 * @SYNOPSIS@, @COMMANDS@ and @OPTIONS@ stand on lines of their own; other words
 * are given, and may stand anywhere.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_WIDTH = 60 }; /* a few words more fit before 80 */

struct command_row {
	const char *name, *arguments, *help;
};

static const struct command_row command_rows[] = {
#define COMMAND(name, arguments, help) { #name, arguments, help },
#include "cli/commands.def"
#undef COMMAND
};

struct manual_option {
	const char *environment, *value, *values, *help;
};

static const struct manual_option option_rows[] = {
#define OPTION(parser, field, environment, value, values, help) \
	{ environment, value, values, help },
#include "base/options.def"
#undef OPTION
};

/* A '-' would be a hyphen, a '\' an escape, a '.' or ''' that begins a line a request. */
static void print_text(const char *text)
{
	unsigned column = 0;

	for (; *text; text++) {
		if (*text == ' ' && column > LINE_WIDTH) {
			putchar('\n');
			column = 0;
			continue;
		}
		if (column++ == 0 && (*text == '.' || *text == '\''))
			printf("\\&");
		if (*text == '\\')
			printf("\\e");
		else if (*text == '-')
			printf("\\-");
		else
			putchar(*text);
	}
}

static void print_synopsis(void)
{
	for (size_t i = 0; i < sizeof(command_rows) / sizeof(command_rows[0]); i++) {
		if (!*command_rows[i].help)
			continue;
		printf("%s.B pqleak %s\n", i ? ".br\n" : "", command_rows[i].name);
		if (*command_rows[i].arguments) {
			print_text(command_rows[i].arguments);
			putchar('\n');
		}
	}
}

static void print_commands(void)
{
	for (size_t i = 0; i < sizeof(command_rows) / sizeof(command_rows[0]); i++) {
		if (!*command_rows[i].help)
			continue;
		printf(".TP\n.B %s\n", command_rows[i].name);
		print_text(command_rows[i].help);
		printf(".\n");
	}
}

static void print_long_name(const char *environment)
{
	printf("\\-\\-");
	for (const char *at = environment + strlen("PQLEAK_"); *at; at++)
		printf(*at == '_' ? "\\-" : "%c", tolower((unsigned char)*at));
}

static void print_options(void)
{
	for (size_t i = 0; i < sizeof(option_rows) / sizeof(option_rows[0]); i++) {
		const struct manual_option *row = &option_rows[i];

		/* These two are no options of the command line. */
		if (!strcmp(row->environment, "PQLEAK") || !strcmp(row->environment, "PQLEAK_HELP"))
			continue;
		printf(".TP\n.BR ");
		print_long_name(row->environment);
		printf("=\\fIVALUE\\fP \", \" %s\n", row->environment);
		print_text(row->help);
		printf(".\nGive ");
		print_text(row->values);
		printf(".\n");
		if (*row->value) {
			printf("The default is ");
			print_text(row->value);
			printf(".\n");
		}
	}
}

static const char *value_of(const char *word, size_t length, char **values)
{
	for (; *values; values++) {
		if (!strncmp(*values, word, length) && (*values)[length] == '=')
			return *values + length + 1;
	}
	return NULL;
}

/* Prints a line with each @WORD@ replaced; 0, or -1 when one is not known. */
static int print_line(const char *line, char **values)
{
	for (const char *at = line; *at; at++) {
		size_t length = *at == '@' ? strspn(at + 1, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") : 0;
		const char *value;

		if (!length || at[length + 1] != '@') {
			putchar(*at);
			continue;
		}
		value = value_of(at + 1, length, values);
		if (!value) {
			fprintf(stderr, "manual: no value for %.*s\n", (int)length + 2, at);
			return -1;
		}
		print_text(value);
		at += length + 1;
	}
	return 0;
}

int main(int argc, char **argv)
{
	FILE *template = argc > 1 ? fopen(argv[1], "r") : NULL;
	char line[1024];
	int error = 0;

	if (!template) {
		perror("manual: cannot read the template");
		return 1;
	}
	while (!error && fgets(line, sizeof(line), template)) {
		if (!strcmp(line, "@SYNOPSIS@\n"))
			print_synopsis();
		else if (!strcmp(line, "@COMMANDS@\n"))
			print_commands();
		else if (!strcmp(line, "@OPTIONS@\n"))
			print_options();
		else if (strncmp(line, ".\\\"", 3))
			error = print_line(line, argv + 2);
	}
	fclose(template);
	return error || fflush(stdout) ? 1 : 0;
}
