/* The options as the environment gives them: every parser, good and bad. */
#include "base/options.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

static struct options options;
static char problems[OPTION_PROBLEM_MAX];

static char *no_environment(const char *name)
{
	(void)name;
	return NULL;
}

static size_t read_with(const char *name, const char *value)
{
	size_t bad;

	assert_int_equal(setenv(name, value, 1), 0);
	bad = options_read(&options, getenv, problems);
	unsetenv(name);
	return bad;
}

static void the_defaults_are_those_of_the_table(void **state)
{
	(void)state;
	memset(&options, 0xff, sizeof(options));
	assert_int_equal(options_read(&options, no_environment, problems), 0);
	assert_string_equal(problems, "");
	assert_true(options.is_enabled);
	assert_string_equal(options.log, "stderr");
	assert_int_equal(options.format, FORMAT_TEXT);
	assert_int_equal(options.signal, 0);
	assert_int_equal(options.exit_code, 0);
	assert_int_equal(options.fail_on, 1u << FAIL_ON_LEAK | 1u << FAIL_ON_STUCK |
						  1u << FAIL_ON_FAILED | 1u << FAIL_ON_MISUSE);
	assert_string_equal(options.suppressions, "");
	assert_int_equal(options.depth, 64);
	assert_int_equal(options.track, TRACK_CONNECTIONS | TRACK_USES | TRACK_TRANSACTIONS);
	assert_int_equal(options.ledger_max, 64 << 20);
	assert_true(options.is_exhaustion_reported);
	assert_int_equal(options.max_open, 0);
	assert_int_equal(options.max_age_ns, 0);
	assert_int_equal(options.max_transaction_ns, 0);
	assert_false(options.is_kept || options.is_verbose || options.is_help);
}

static void every_default_is_allowed_by_its_own_row(void **state)
{
	(void)state;
	for (size_t i = 0; i < option_count; i++) {
		assert_true(option_is_valid(&option_rows[i], option_rows[i].value));
		assert_memory_equal(option_rows[i].environment, "PQLEAK", 6);
		assert_true(*option_rows[i].values && *option_rows[i].help);
	}
}

static void an_empty_value_is_none(void **state)
{
	(void)state;
	for (size_t i = 0; i < option_count; i++) {
		struct options plain;

		options_read(&plain, no_environment, problems);
		memset(&options, 0, sizeof(options));
		assert_int_equal(read_with(option_rows[i].environment, ""), 0);
		assert_int_equal(options.depth, plain.depth);
		assert_int_equal(options.ledger_max, plain.ledger_max);
		assert_string_equal(options.log, plain.log);
	}
}

static const struct {
	const char *name, *value;
	size_t offset, size;
	uint64_t number; /* what the field then is */
} good[] = {
#define FIELD(field) offsetof(struct options, field), sizeof(options.field)
	{ "PQLEAK", "0", FIELD(is_enabled), 0 },
	{ "PQLEAK", "1", FIELD(is_enabled), 1 },
	{ "PQLEAK_FORMAT", "json", FIELD(format), FORMAT_JSON },
	{ "PQLEAK_FORMAT", "JSON", FIELD(format), FORMAT_JSON },
	{ "PQLEAK_SIGNAL", "USR2", FIELD(signal), SIGUSR2 },
	{ "PQLEAK_SIGNAL", "SIGUSR2", FIELD(signal), SIGUSR2 },
	{ "PQLEAK_SIGNAL", "sigprof", FIELD(signal), SIGPROF },
	{ "PQLEAK_SIGNAL", "12", FIELD(signal), 12 },
	{ "PQLEAK_SIGNAL", "64", FIELD(signal), 64 },
	{ "PQLEAK_SIGNAL", "none", FIELD(signal), 0 },
	{ "PQLEAK_EXITCODE", "0", FIELD(exit_code), 0 },
	{ "PQLEAK_EXITCODE", "255", FIELD(exit_code), 255 },
	{ "PQLEAK_FAIL_ON", "none", FIELD(fail_on), 0 },
	{ "PQLEAK_FAIL_ON", "held,dropped", FIELD(fail_on),
	  1u << FAIL_ON_HELD | 1u << FAIL_ON_DROPPED },
	{ "PQLEAK_FAIL_ON", "leak,leak", FIELD(fail_on), 1u << FAIL_ON_LEAK },
	{ "PQLEAK_DEPTH", "1", FIELD(depth), 1 },
	{ "PQLEAK_DEPTH", "256", FIELD(depth), 256 },
	{ "PQLEAK_TRACK", "connections", FIELD(track), TRACK_CONNECTIONS },
	{ "PQLEAK_TRACK", "uses", FIELD(track), TRACK_CONNECTIONS | TRACK_USES },
	{ "PQLEAK_TRACK", "results", FIELD(track), TRACK_CONNECTIONS | TRACK_RESULTS },
	{ "PQLEAK_LEDGER_MAX", "256K", FIELD(ledger_max), 256 << 10 },
	{ "PQLEAK_LEDGER_MAX", "262144", FIELD(ledger_max), 256 << 10 },
	{ "PQLEAK_LEDGER_MAX", "1m", FIELD(ledger_max), 1 << 20 },
	{ "PQLEAK_LEDGER_MAX", "4G", FIELD(ledger_max), 4ull << 30 },
	{ "PQLEAK_LEDGER_MAX", "4294967296", FIELD(ledger_max), 4ull << 30 },
	{ "PQLEAK_ON_EXHAUSTION", "0", FIELD(is_exhaustion_reported), 0 },
	{ "PQLEAK_MAX_OPEN", "0", FIELD(max_open), 0 },
	{ "PQLEAK_MAX_OPEN", "1000000", FIELD(max_open), 1000000 },
	{ "PQLEAK_MAX_AGE", "5min", FIELD(max_age_ns), 300000000000ull },
	{ "PQLEAK_MAX_TRANSACTION", "0", FIELD(max_transaction_ns), 0 },
	{ "PQLEAK_MAX_TRANSACTION", "500ms", FIELD(max_transaction_ns), 500000000 },
	{ "PQLEAK_KEEP", "1", FIELD(is_kept), 1 },
	{ "PQLEAK_VERBOSE", "1", FIELD(is_verbose), 1 },
	{ "PQLEAK_HELP", "1", FIELD(is_help), 1 },
#undef FIELD
};

static void good_values_are_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(good); i++) {
		uint64_t number = 0;

		assert_int_equal(read_with(good[i].name, good[i].value), 0);
		assert_string_equal(problems, "");
		memcpy(&number, (const char *)&options + good[i].offset, good[i].size);
		assert_int_equal(number, good[i].number);
	}
}

static const struct {
	const char *name, *value;
} bad[] = {
	{ "PQLEAK", "yes" },
	{ "PQLEAK", "2" },
	{ "PQLEAK", "01" },
	{ "PQLEAK_FORMAT", "xml" },
	{ "PQLEAK_FORMAT", "text,json" },
	{ "PQLEAK_SIGNAL", "KILL" },
	{ "PQLEAK_SIGNAL", "9" },
	{ "PQLEAK_SIGNAL", "19" },
	{ "PQLEAK_SIGNAL", "SEGV" },
	{ "PQLEAK_SIGNAL", "11" },
	{ "PQLEAK_SIGNAL", "17" },
	{ "PQLEAK_SIGNAL", "32" },
	{ "PQLEAK_SIGNAL", "33" },
	{ "PQLEAK_SIGNAL", "0" },
	{ "PQLEAK_SIGNAL", "65" },
	{ "PQLEAK_SIGNAL", "-12" },
	{ "PQLEAK_SIGNAL", "SIG12" },
	{ "PQLEAK_EXITCODE", "256" },
	{ "PQLEAK_EXITCODE", "-1" },
	{ "PQLEAK_EXITCODE", "one" },
	{ "PQLEAK_FAIL_ON", "leak," },
	{ "PQLEAK_FAIL_ON", ",leak" },
	{ "PQLEAK_FAIL_ON", "leak, stuck" },
	{ "PQLEAK_FAIL_ON", "leaks" },
	{ "PQLEAK_FAIL_ON", "lea" },
	{ "PQLEAK_DEPTH", "0" },
	{ "PQLEAK_DEPTH", "257" },
	{ "PQLEAK_DEPTH", "4294967297" },
	{ "PQLEAK_TRACK", "none" },
	{ "PQLEAK_LEDGER_MAX", "K" },
	{ "PQLEAK_LEDGER_MAX", "255K" },
	{ "PQLEAK_LEDGER_MAX", "262143" },
	{ "PQLEAK_LEDGER_MAX", "4097M" },
	{ "PQLEAK_LEDGER_MAX", "64MB" },
	{ "PQLEAK_LEDGER_MAX", "64 M" },
	{ "PQLEAK_LEDGER_MAX", "18446744073709551615G" },
	{ "PQLEAK_LEDGER_MAX", "0000000000000000000000064M" },
	{ "PQLEAK_ON_EXHAUSTION", "report" },
	{ "PQLEAK_MAX_OPEN", "1000001" },
	{ "PQLEAK_MAX_OPEN", "20%" },
	{ "PQLEAK_MAX_TRANSACTION", "30 s" },
	{ "PQLEAK_KEEP", "true" },
};

static void a_bad_value_is_said_and_the_default_serves(void **state)
{
	struct options plain;

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		char begin[256];

		memset(&options, 0, sizeof(options));
		assert_int_equal(read_with(bad[i].name, bad[i].value), 1);
		snprintf(begin, sizeof(begin), "%s='%s' is not allowed: give ", bad[i].name,
			 bad[i].value);
		assert_memory_equal(problems, begin, strlen(begin));
		assert_null(strchr(problems, '\n'));
		memset(&plain, 0, sizeof(plain));
		options_read(&plain, no_environment, problems);
		assert_memory_equal(&options, &plain, sizeof(plain));
	}
}

static void option_is_valid_agrees_with_the_reader(void **state)
{
	(void)state;
	for (size_t i = 0; i < option_count; i++) {
		for (size_t k = 0; k < COUNT(bad); k++) {
			if (!strcmp(bad[k].name, option_rows[i].environment))
				assert_false(option_is_valid(&option_rows[i], bad[k].value));
		}
		for (size_t k = 0; k < COUNT(good); k++) {
			if (!strcmp(good[k].name, option_rows[i].environment))
				assert_true(option_is_valid(&option_rows[i], good[k].value));
		}
	}
}

static char too_long[3000];

static char *all_bad(const char *name)
{
	(void)name;
	return too_long;
}

/* 3,000 bytes are wrong for each row, also for those that take any text. */
static void each_bad_value_is_said_however_many_and_long_they_are(void **state)
{
	char *line = problems;

	(void)state;
	memset(too_long, 'x', sizeof(too_long) - 1);
	assert_int_equal(options_read(&options, all_bad, problems), option_count);
	for (size_t i = 0; i < option_count; i++) {
		size_t length = strlen(option_rows[i].environment);
		char *end = strchr(line, '\n');

		assert_memory_equal(line, option_rows[i].environment, length);
		assert_memory_equal(line + length, "='xxx", 5);
		assert_int_equal(end != NULL, i + 1 < option_count);
		if (end)
			*end = 0;
		assert_non_null(strstr(line, option_rows[i].values));
		line = end + 1;
	}
}

static void a_text_of_the_greatest_length_is_whole(void **state)
{
	char value[OPTION_TEXT_MAX + 1];

	(void)state;
	memset(value, 'p', sizeof(value));
	value[OPTION_TEXT_MAX] = 0;
	assert_int_equal(read_with("PQLEAK_LOG", value), 1);
	assert_string_equal(options.log, "stderr");
	value[OPTION_TEXT_MAX - 1] = 0;
	assert_int_equal(read_with("PQLEAK_LOG", value), 0);
	assert_string_equal(options.log, value);
}

static void a_list_has_whole_names_only(void **state)
{
	static const struct {
		const char *list, *name;
		bool has;
	} rows[] = {
		{ "psql", "psql", true },        { "a,psql,b", "psql", true },
		{ "a,psql", "psql", true },      { "psqlx", "psql", false },
		{ "xpsql,psq", "psql", false },  { "", "psql", false },
		{ "a,,b", "b", true },           { "a,", "a", true },
		{ "PSQL", "psql", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_int_equal(option_list_has(rows[i].list, rows[i].name), rows[i].has);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_defaults_are_those_of_the_table),
		cmocka_unit_test(every_default_is_allowed_by_its_own_row),
		cmocka_unit_test(an_empty_value_is_none),
		cmocka_unit_test(good_values_are_read),
		cmocka_unit_test(a_bad_value_is_said_and_the_default_serves),
		cmocka_unit_test(option_is_valid_agrees_with_the_reader),
		cmocka_unit_test(each_bad_value_is_said_however_many_and_long_they_are),
		cmocka_unit_test(a_text_of_the_greatest_length_is_whole),
		cmocka_unit_test(a_list_has_whole_names_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
