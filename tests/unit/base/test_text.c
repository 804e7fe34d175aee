/* Text built in a buffer of the caller's: what is formatted, and what is cut. */
#include "base/text.h"

#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { ROOM = 256 };

static void each_letter_formats_its_type(void **state)
{
	char bytes[ROOM];
	struct text text;

	(void)state;
	text_init(&text, bytes, sizeof(bytes));
	text_format(&text, "%s|%d|%u|%l|%L|%x|%e|%%|", "word", -7, 8u, (int64_t)-9, (uint64_t)10,
		    (uint64_t)0xbeef, ENOENT);
	assert_string_equal(bytes, "word|-7|8|-9|10|beef|No such file or directory|%|");
	assert_int_equal(text.length, strlen(bytes));
	assert_false(text.is_cut);
}

static void what_is_no_format_is_copied(void **state)
{
	static const struct {
		const char *format, *text;
	} rows[] = {
		{ "", "" },          { "plain", "plain" }, { "%q", "q" },
		{ "100%", "100" },   { "%%%%", "%%" },     { "a%%b", "a%b" },
	};
	char bytes[ROOM];
	struct text text;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		text_init(&text, bytes, sizeof(bytes));
		text_format(&text, rows[i].format);
		assert_string_equal(bytes, rows[i].text);
	}
}

static void numbers_are_those_of_printf_to_the_extremes(void **state)
{
	static const uint64_t numbers[] = {
		0, 1, 9, 10, INT64_MAX, (uint64_t)INT64_MAX + 1, UINT64_MAX - 1, UINT64_MAX,
		UINT32_MAX, 10000000000000000000u,
	};
	char bytes[ROOM], expected[ROOM];
	struct text text;

	(void)state;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		text_init(&text, bytes, sizeof(bytes));
		text_format(&text, "%L %l %x ", numbers[i], (int64_t)numbers[i], numbers[i]);
		text_add_hex(&text, numbers[i], 16);
		snprintf(expected, sizeof(expected), "%lu %ld %lx %016lx", numbers[i],
			 (int64_t)numbers[i], numbers[i], numbers[i]);
		assert_string_equal(bytes, expected);
	}
	text_init(&text, bytes, sizeof(bytes));
	text_format(&text, "%d %d %u", INT_MIN, INT_MAX, UINT_MAX);
	assert_string_equal(bytes, "-2147483648 2147483647 4294967295");
}

static void an_errno_nobody_knows_is_a_number(void **state)
{
	char bytes[ROOM];
	struct text text;

	(void)state;
	text_init(&text, bytes, sizeof(bytes));
	text_format(&text, "%e", 4711);
	assert_string_equal(bytes, "error 4711");
}

/* Every capacity up to one that is enough; the byte behind the buffer is watched. */
static void what_does_not_fit_is_cut_and_said(void **state)
{
	static const char whole[] = "one -12 0000000000000abc end";
	char bytes[ROOM];
	struct text text;

	(void)state;
	for (size_t capacity = 1; capacity <= sizeof(whole); capacity++) {
		memset(bytes, '#', sizeof(bytes));
		text_init(&text, bytes, capacity);
		text_format(&text, "%s %d ", "one", -12);
		text_add_hex(&text, 0xabc, 16);
		text_add(&text, " end");
		assert_int_equal(text.length, capacity - 1);
		assert_memory_equal(bytes, whole, capacity - 1);
		assert_int_equal(bytes[capacity - 1], 0);
		assert_int_equal(bytes[capacity], '#');
		assert_int_equal(text.is_cut, capacity < sizeof(whole));
	}
}

static void nothing_more_fits_after_the_cut(void **state)
{
	char bytes[4];
	struct text text;

	(void)state;
	text_init(&text, bytes, sizeof(bytes));
	text_add(&text, "abcdef");
	text_add(&text, "g");
	text_add_bytes(&text, "", 0);
	assert_string_equal(bytes, "abc");
	assert_int_equal(text.length, 3);
}

static void numbers_are_read_whole_or_not_at_all(void **state)
{
	static const struct {
		const char *text;
		bool is_number;
		uint64_t number;
	} rows[] = {
		{ "0", true, 0 },
		{ "007", true, 7 },
		{ "18446744073709551615", true, UINT64_MAX },
		{ "18446744073709551616", false, 0 },
		{ "18446744073709551620", false, 0 },
		{ "99999999999999999999", false, 0 },
		{ "", false, 0 },
		{ "-1", false, 0 },
		{ "+1", false, 0 },
		{ " 1", false, 0 },
		{ "1 ", false, 0 },
		{ "0x10", false, 0 },
		{ "1e3", false, 0 },
		{ "\xb2", false, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t number = 4711;

		assert_int_equal(text_read_unsigned(rows[i].text, &number), rows[i].is_number);
		assert_int_equal(number, rows[i].is_number ? rows[i].number : 4711);
	}
}

static void errno_is_kept(void **state)
{
	char bytes[ROOM];
	struct text text;

	(void)state;
	errno = ENOTTY;
	text_init(&text, bytes, sizeof(bytes));
	text_format(&text, "%s %e %e", "x", EPIPE, 4711);
	assert_int_equal(errno, ENOTTY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_letter_formats_its_type),
		cmocka_unit_test(what_is_no_format_is_copied),
		cmocka_unit_test(numbers_are_those_of_printf_to_the_extremes),
		cmocka_unit_test(an_errno_nobody_knows_is_a_number),
		cmocka_unit_test(what_does_not_fit_is_cut_and_said),
		cmocka_unit_test(nothing_more_fits_after_the_cut),
		cmocka_unit_test(numbers_are_read_whole_or_not_at_all),
		cmocka_unit_test(errno_is_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
