#include "base/options.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/duration.h"
#include "base/text.h"

const struct option_row option_rows[] = {
#define OPTION(parser, field, environment, value, values, help) \
	{ environment, value, values, help },
#include "base/options.def"
#undef OPTION
};
const size_t option_count = sizeof(option_rows) / sizeof(option_rows[0]);

enum { OPTION_SHOWN_MAX = 64 }; /* bytes of a bad value */

struct option_name {
	const char *name;
	unsigned value;
};

static const struct option_name format_names[] = {
	{ "text", FORMAT_TEXT },
	{ "json", FORMAT_JSON },
};
static const struct option_name track_names[] = {
	{ "connections", TRACK_CONNECTIONS },
	{ "uses", TRACK_USES },
	{ "transactions", TRACK_TRANSACTIONS },
	{ "results", TRACK_RESULTS },
};
static const struct option_name verdict_names[] = {
	{ "none", 0 },
	{ "leak", 1u << FAIL_ON_LEAK },
	{ "stuck", 1u << FAIL_ON_STUCK },
	{ "failed", 1u << FAIL_ON_FAILED },
	{ "misuse", 1u << FAIL_ON_MISUSE },
	{ "dropped", 1u << FAIL_ON_DROPPED },
	{ "held", 1u << FAIL_ON_HELD },
};
/* sigabbrev_np came with glibc 2.32. */
static const struct option_name signal_names[] = {
	{ "none", 0 },         { "HUP", SIGHUP },       { "INT", SIGINT },   { "QUIT", SIGQUIT },
	{ "USR1", SIGUSR1 },   { "USR2", SIGUSR2 },     { "ALRM", SIGALRM }, { "TERM", SIGTERM },
	{ "URG", SIGURG },     { "WINCH", SIGWINCH },   { "IO", SIGIO },     { "PWR", SIGPWR },
	{ "VTALRM", SIGVTALRM }, { "PROF", SIGPROF },
};
#define NAMES(table) table, sizeof(table) / sizeof((table)[0])

/* Neither strncasecmp nor strcspn: their tables are pages of libc that every process would
 * fault in at its start, and a locale would have a say. */
static char lower(char letter)
{
	return letter >= 'A' && letter <= 'Z' ? (char)(letter - 'A' + 'a') : letter;
}

/* Up to the next comma. */
static size_t item_length(const char *list)
{
	size_t length = 0;

	while (list[length] && list[length] != ',')
		length++;
	return length;
}

static bool is_name(const char *name, const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (lower(name[i]) != lower(text[i]))
			return false;
	}
	return !name[length];
}

static bool name_find(const struct option_name *names, size_t count, const char *text,
		      size_t length, unsigned *ret_value)
{
	for (size_t i = 0; i < count; i++) {
		if (is_name(names[i].name, text, length)) {
			*ret_value = names[i].value;
			return true;
		}
	}
	return false;
}

/* Reads "a,b" as the union of the names' values. */
static bool names_read(const struct option_name *names, size_t count, const char *text,
		       unsigned *ret_value)
{
	unsigned all = 0;

	for (;;) {
		size_t length = item_length(text);
		unsigned value;

		if (!name_find(names, count, text, length, &value))
			return false;
		all |= value;
		if (!text[length])
			break;
		text += length + 1;
	}
	*ret_value = all;
	return true;
}

static bool number_read(const char *text, uint64_t least, uint64_t most, unsigned *ret_value)
{
	uint64_t number;

	if (!text_read_unsigned(text, &number) || number < least || number > most)
		return false;
	*ret_value = (unsigned)number;
	return true;
}

static bool option_read_boolean(const char *text, option_boolean *ret_value)
{
	if (strcmp(text, "0") && strcmp(text, "1"))
		return false;
	*ret_value = *text == '1';
	return true;
}

static bool option_read_text(const char *text, option_text *ret_value)
{
	if (strlen(text) >= OPTION_TEXT_MAX)
		return false;
	strcpy(*ret_value, text);
	return true;
}

static bool option_read_format(const char *text, option_format *ret_value)
{
	unsigned value;

	if (!name_find(NAMES(format_names), text, strlen(text), &value))
		return false;
	*ret_value = value;
	return true;
}

static bool option_read_signal(const char *text, option_signal *ret_value)
{
	const char *name = strlen(text) >= 3 && is_name("SIG", text, 3) ? text + 3 : text;
	unsigned value;

	/* KILL and STOP cannot be caught; those of a crash are the host's to die by. */
	if (!name_find(NAMES(signal_names), name, strlen(name), &value) &&
	    !number_read(text, 1, 64, &value))
		return false;
	if (value == SIGKILL || value == SIGSTOP || value == SIGSEGV || value == SIGBUS ||
	    value == SIGILL || value == SIGFPE || value == SIGABRT || value == SIGCHLD ||
	    value == 32 || value == 33)
		return false;
	*ret_value = (int)value;
	return true;
}

static bool option_read_status(const char *text, option_status *ret_value)
{
	return number_read(text, 0, 255, ret_value);
}

static bool option_read_verdicts(const char *text, option_verdicts *ret_value)
{
	return names_read(NAMES(verdict_names), text, ret_value);
}

static bool option_read_depth(const char *text, option_depth *ret_value)
{
	return number_read(text, 1, 256, ret_value);
}

static bool option_read_number(const char *text, option_number *ret_value)
{
	return number_read(text, 0, 1000000, ret_value);
}

static bool option_read_duration(const char *text, option_duration *ret_value)
{
	return duration_read(text, ret_value);
}

static bool option_read_tracks(const char *text, option_tracks *ret_value)
{
	if (!names_read(NAMES(track_names), text, ret_value))
		return false;
	*ret_value |= TRACK_CONNECTIONS;
	return true;
}

static bool option_read_size(const char *text, option_size *ret_value)
{
	char digits[24];
	size_t length = strlen(text);
	unsigned shift = 0;
	uint64_t number;

	if (length == 0 || length >= sizeof(digits))
		return false;
	memcpy(digits, text, length + 1);
	switch (digits[length - 1]) {
	case 'K':
	case 'k':
		shift = 10;
		break;
	case 'M':
	case 'm':
		shift = 20;
		break;
	case 'G':
	case 'g':
		shift = 30;
		break;
	}
	if (shift)
		digits[length - 1] = 0;
	if (!text_read_unsigned(digits, &number) || number > UINT64_MAX >> shift)
		return false;
	number <<= shift;
	if (number < 256u << 10 || number > 4ull << 30)
		return false;
	*ret_value = number;
	return true;
}

/* Reads `text` as the value of row `index`; false when it is not allowed. */
static bool option_parse(struct options *options, size_t index, const char *text)
{
	size_t row = 0;

#define OPTION(parser, field, environment, value, values, help) \
	if (row++ == index)                                       \
		return option_read_##parser(text, &options->field);
#include "base/options.def"
#undef OPTION
	return false;
}

static void problem_add(struct text *problems, const struct option_row *row, const char *value)
{
	size_t length = strnlen(value, OPTION_SHOWN_MAX);

	text_format(problems, "%s%s='", problems->length ? "\n" : "", row->environment);
	text_add_bytes(problems, value, length);
	text_format(problems, "%s' is not allowed: give %s; using '%s'", value[length] ? "..." : "",
		    row->values, row->value);
}

size_t options_read(struct options *options, option_getter *get, char *problems)
{
	struct text text;
	size_t bad = 0;

	text_init(&text, problems, OPTION_PROBLEM_MAX);
	for (size_t i = 0; i < option_count; i++) {
		const struct option_row *row = &option_rows[i];
		const char *value = get(row->environment);

		option_parse(options, i, row->value);
		/* Set but empty is how a shell unsets for one command. */
		if (!value || !*value || option_parse(options, i, value))
			continue;
		bad++;
		problem_add(&text, row, value);
	}
	return bad;
}

bool option_is_valid(const struct option_row *row, const char *value)
{
	static struct options scratch;

	return option_parse(&scratch, (size_t)(row - option_rows), value);
}

bool option_list_has(const char *list, const char *name)
{
	size_t length = strlen(name);

	while (*list) {
		size_t item = item_length(list);

		if (item == length && !memcmp(list, name, length))
			return true;
		list += item + (list[item] == ',');
	}
	return false;
}
