/* Exercises the small parts of the text report: characters, durations, source
 * lines, writing. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "analyze/source.h"
#include "analyze/duration.h"
#include "render/utf8.h"
#include "render/writer.h"

static void characters_are_read_and_what_is_none_is_refused(void **state)
{
	static const struct {
		const char *text;
		size_t length;
		uint32_t code;
	} rows[] = {
		{ "", 1, 0 },
		{ "a", 1, 'a' },
		{ "\xc3\xa9", 2, 0xe9 },
		{ "\xe2\x82\xac", 3, 0x20ac },
		{ "\xf0\x9f\x98\x80", 4, 0x1f600 },
		{ "\xf4\x8f\xbf\xbf", 4, 0x10ffff },
		{ "\x80", 0, 0 },             /* a continuation alone */
		{ "\xff", 0, 0 },
		{ "\xc3", 0, 0 },             /* cut short by the end */
		{ "\xe2\x82", 0, 0 },
		{ "\xf0\x9f\x98", 0, 0 },
		{ "\xc3(", 0, 0 },
		{ "\xc0\xaf", 0, 0 },         /* overlong */
		{ "\xe0\x80\xaf", 0, 0 },
		{ "\xf0\x80\x80\xaf", 0, 0 },
		{ "\xed\xa0\x80", 0, 0 },     /* a surrogate */
		{ "\xf4\x90\x80\x80", 0, 0 }, /* beyond 10FFFF */
		{ "\xf5\x80\x80\x80", 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint32_t code = 0;

		assert_int_equal(utf8_read(rows[i].text, &code), rows[i].length);
		assert_int_equal(code, rows[i].code);
	}
}

static void names_are_written_as_they_are_unless_they_could_act(void **state)
{
	static const struct {
		const char *name, *shown;
	} rows[] = {
		{ "caf\xc3\xa9", "caf\xc3\xa9" },
		{ "a\nb\tc", "a\\x0ab\\x09c" },
		{ "\033[2J", "\\x1b[2J" },
		{ "\x7f", "\\x7f" },
		{ "\xc2\x9b" "2J", "\\x9b2J" }, /* CSI as one character */
		{ "\xe2\x80\xae" "evil", "\\u202e" "evil" }, /* right to left from here on */
		{ "\xe2\x80\xa8", "\\u2028" },
		{ "\xff\xfe", "\\xff\\xfe" },
		{ "100%s", "100%s" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct writer writer;
		char *text = NULL;
		size_t size;
		FILE *out = open_memstream(&text, &size);

		writer_init(&writer, out, false, 0);
		writer_name(&writer, rows[i].name);
		assert_int_equal(writer_finish(&writer), 0);
		fclose(out);
		assert_string_equal(text, rows[i].shown);
		free(text);
	}
	assert_int_equal(writer_width("caf\xc3\xa9\x01"), 8);
}

static char *written(size_t width, const char *text)
{
	struct writer writer;
	char *bytes = NULL;
	size_t size;
	FILE *out = open_memstream(&bytes, &size);

	writer_init(&writer, out, true, width);
	writer_put(&writer, text);
	assert_int_equal(writer_finish(&writer), 0);
	fclose(out);
	return bytes;
}

static void lines_are_broken_at_blanks_within_the_width(void **state)
{
	static const struct {
		const char *text, *shown;
	} rows[] = {
		{ "", "" },
		{ "\n\n", "\n\n" },
		{ "0123456789abc def ghi", "0123456789abc def ghi" },
		{ "0123456789abc def ghij\n", "0123456789abc def\n          ghij\n" },
		{ "0123456789abc def ghi jkl mno", "0123456789abc def ghi\n          jkl mno" },
		{ "0123456789abc    def ghij", "0123456789abc    def\n          ghij" },
		{ "0123456789abcdefghi   jkl", "0123456789abcdefghi\n          jkl" },
		/* What is longer than the width stays whole. */
		{ "0123456789/a/very/long/path next",
		  "0123456789/a/very/long/path\n          next" },
		{ "0 2 4 6 8 /a/very/long/path/it/is", "0 2 4 6 8 /a/very/long/path/it/is" },
		/* Colours and continuation bytes take no columns. */
		{ "0123456789\033[1m\xc3\xa9\xc3\xa9\xc3\xa9\033[0m def ghi",
		  "0123456789\033[1m\xc3\xa9\xc3\xa9\xc3\xa9\033[0m def ghi" },
		{ "a b\nc", "a b\nc" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *text = written(21, rows[i].text);

		assert_string_equal(text, rows[i].shown);
		free(text);
		text = written(0, rows[i].text);
		assert_string_equal(text, rows[i].text);
		free(text);
	}
}

static void durations_are_in_human_units(void **state)
{
	static const struct {
		uint64_t ns;
		const char *text;
	} rows[] = {
		{ 0, "0 ns" },
		{ 999, "999 ns" },
		{ 12345, "12 us" },
		{ 45000000, "45 ms" },
		{ 99999999, "99 ms" },
		{ 200000000, "0.2 s" },
		{ 3199999999, "3.1 s" },
		{ 59999999999, "59.9 s" },
		{ 125000000000, "2 min 5 s" },
		{ 3600ull * 1000000000 * 3 + 600ull * 1000000000, "3 h 10 min" },
		{ 86400ull * 1000000000 * 4 + 7200ull * 1000000000, "4 d 2 h" },
		{ UINT64_MAX, "213503 d 23 h" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[DURATION_MAX];

		duration_format(rows[i].ns, text);
		assert_string_equal(text, rows[i].text);
	}
}

static void a_source_line_is_found_trimmed_and_cut_between_characters(void **state)
{
	char path[] = "/tmp/pqleak-source-XXXXXX";
	char text[SOURCE_LINE_MAX] = "untouched";
	int fd = mkstemp(path);
	FILE *file = fdopen(fd, "w");

	(void)state;
	fputs("first\n\t  second line \r\n\n", file);
	for (int i = 0; i < 400; i++)
		fputs("\xe2\x82\xac", file);
	fputs("\nlast", file);
	fclose(file);
	assert_int_equal(source_read(path, 2, text), 0);
	assert_string_equal(text, "second line");
	assert_int_equal(source_read(path, 3, text), 0);
	assert_string_equal(text, "");
	assert_int_equal(source_read(path, 4, text), 0);
	assert_int_equal(strlen(text) % 3, 0);
	assert_true(strlen(text) > 150);
	assert_int_equal(source_read(path, 5, text), 0);
	assert_string_equal(text, "last");
	assert_int_equal(source_read(path, 6, text), -ENOENT);
	assert_int_equal(source_read(path, 0, text), -ENOENT);
	assert_string_equal(text, "last");
	unlink(path);
	source_forget();
}

/* And no more of them are kept than there is room for. */
static void a_source_is_of_one_report(void **state)
{
	char directory[] = "/tmp/pqleak-sources-XXXXXX", path[64], text[SOURCE_LINE_MAX];

	(void)state;
	assert_non_null(mkdtemp(directory));
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < 100; i++) {
			snprintf(path, sizeof(path), "%s/%d", directory, i);
			FILE *file = fopen(path, "w");

			fprintf(file, "\nthe %d in round %d", i, round);
			fclose(file);
		}
		for (int i = 0; i < 200; i++) {
			char expected[64];

			snprintf(path, sizeof(path), "%s/%d", directory, i / 2);
			snprintf(expected, sizeof(expected), "the %d in round %d", i / 2, round);
			assert_int_equal(source_read(path, 2, text), 0);
			assert_string_equal(text, expected);
		}
		source_forget();
	}
	for (int i = 0; i < 100; i++) {
		snprintf(path, sizeof(path), "%s/%d", directory, i);
		unlink(path);
	}
	rmdir(directory);
}

static void a_source_that_is_no_regular_file_is_not_read(void **state)
{
	char path[] = "/tmp/pqleak-fifo-XXXXXX";
	char text[SOURCE_LINE_MAX];

	(void)state;
	assert_non_null(mkdtemp(path));
	assert_int_equal(source_read(path, 1, text), -EINVAL);
	assert_int_equal(rmdir(path), 0);
	source_forget();
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(source_read(path, 1, text), -EINVAL); /* and does not wait */
	unlink(path);
	source_forget();
	assert_int_equal(source_read(path, 1, text), -ENOENT);
	assert_int_equal(source_read("/dev/zero", 1, text), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(characters_are_read_and_what_is_none_is_refused),
		cmocka_unit_test(names_are_written_as_they_are_unless_they_could_act),
		cmocka_unit_test(lines_are_broken_at_blanks_within_the_width),
		cmocka_unit_test(durations_are_in_human_units),
		cmocka_unit_test(a_source_line_is_found_trimmed_and_cut_between_characters),
		cmocka_unit_test(a_source_is_of_one_report),
		cmocka_unit_test(a_source_that_is_no_regular_file_is_not_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
