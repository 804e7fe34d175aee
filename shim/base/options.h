/* The options: one row of options.def each, read from the environment.
 *
 * A bad value is remembered, not spoken: the default serves, and the caller says
 * it once, when it first has reason to speak.
 */
#ifndef BASE_OPTIONS_H
#define BASE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Every row may be wrong at once: a problem shows the beginning of a long value. */
enum { OPTION_TEXT_MAX = 1024, OPTION_PROBLEM_MAX = 4096 };

enum option_track {
	TRACK_CONNECTIONS = 1u << 0,
	TRACK_USES = 1u << 1,
	TRACK_TRANSACTIONS = 1u << 2,
	TRACK_RESULTS = 1u << 3
};

enum option_format { FORMAT_TEXT, FORMAT_JSON };

/* Bit numbers of fail_on, in the order of enum verdict (analyze/report.h). */
enum option_verdict {
	FAIL_ON_LEAK,
	FAIL_ON_STUCK,
	FAIL_ON_FAILED,
	FAIL_ON_MISUSE,
	FAIL_ON_DROPPED,
	FAIL_ON_HELD
};

typedef bool option_boolean;
typedef char option_text[OPTION_TEXT_MAX];
typedef enum option_format option_format;
typedef int option_signal;       /* 0 none */
typedef unsigned option_status;
typedef unsigned option_verdicts; /* bits 1 << enum option_verdict */
typedef unsigned option_depth;
typedef unsigned option_tracks;   /* enum option_track */
typedef unsigned option_number;
typedef uint64_t option_size;     /* bytes */
typedef uint64_t option_duration; /* ns */

struct options {
#define OPTION(parser, field, environment, value, values, help) option_##parser field;
#include "base/options.def"
#undef OPTION
};

struct option_row {
	const char *environment; /* "PQLEAK_LOG" */
	const char *value;       /* the default */
	const char *values;      /* what is allowed, in words */
	const char *help;
};

extern const struct option_row option_rows[];
extern const size_t option_count;

/* The environment to read: getenv or secure_getenv. */
typedef char *option_getter(const char *name);

/* Fills `options` from the environment. Appends each bad value as a line of its
 * own to `problems` (OPTION_PROBLEM_MAX bytes, ends with 0, "" when all is well).
 * Returns how many were bad. Context: constructor; no malloc, no stdio. */
size_t options_read(struct options *options, option_getter *get, char *problems);

/* Is `value` good for the option `row`? For `pqleak run`, which refuses at once. */
bool option_is_valid(const struct option_row *row, const char *value);

/* Is `name` in the comma-separated `list`? */
bool option_list_has(const char *list, const char *name);

#endif
