/* Plain reports completed: which lines change, how, and which do not. */
#include "symbolize/plain_report.h"

#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "this_program.h"

/* Its own line is what the tests expect to read; the return address of a call
 * from it stands in for a frame. */
enum { TARGET_LINE = __LINE__ + 5 };
static __attribute__((noinline)) uint64_t target(void)
{
	uint64_t address;
	address = (uint64_t)(uintptr_t)__builtin_return_address(0);
	__asm__ volatile("" : "+r"(address));
	return address;
}

static char *complete(const char *report, size_t length)
{
	const struct symbolizer_options options = { 0 };
	struct symbolizer *symbolizer = symbolizer_new(&options);
	FILE *in = fmemopen((void *)report, length, "r");
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(in);
	assert_int_equal(plain_report_symbolize(in, out, symbolizer), 0);
	fclose(in);
	fclose(out);
	symbolizer_free(symbolizer);
	return text;
}

static void format_build_id(char *text, const struct symbolizer_module *module)
{
	for (size_t i = 0; i < module->build_id_length; i++)
		sprintf(text + 2 * i, "%02x", module->build_id[i]);
}

/* The frame of target() in the file at `path`, offset as after a call. */
static void format_frame(char *line, size_t size, const char *path, bool has_build_id)
{
	const struct symbolizer_module module = this_program();
	uint64_t offset = this_program_offset((const void *)(uintptr_t)target) + 1;
	char build_id[129] = "";

	format_build_id(build_id, &module);
	snprintf(line, size, "    #12 0x7f12345678 (%s+0x%" PRIx64 ")%s%s%s\n", path, offset,
		 has_build_id ? " (BuildId: " : "", has_build_id ? build_id : "",
		 has_build_id ? ")" : "");
}

static void assert_is_target(const char *line)
{
	const char *file = strstr(line, "test_plain_report.c:");

	assert_memory_equal(line, "    #12 target /", strlen("    #12 target /"));
	assert_non_null(file);
	assert_in_range(strtoul(file + strlen("test_plain_report.c:"), NULL, 10),
			TARGET_LINE - 3, TARGET_LINE);
	assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
}

static void a_native_frame_becomes_function_file_and_line(void **state)
{
	char line[8192];

	(void)state;
	assert_true(target() != 0);
	for (int has_build_id = 0; has_build_id < 2; has_build_id++) {
		char *text;

		format_frame(line, sizeof(line), this_program().path, has_build_id);
		text = complete(line, strlen(line));
		assert_is_target(text);
		free(text);
	}
}

static void a_path_may_contain_what_separates_the_parts(void **state)
{
	static const char *const names[] = {
		"a b", "lib(x)", "c++", "x+0x12", "x+0x12)", "a) (BuildId: 0123)",
		"(", ")", "+0x", "#1 0x1 (y+0x2)", "\xc3\xa4\xff",
	};
	char directory[] = "/tmp/plain-report-XXXXXX";

	(void)state;
	assert_non_null(mkdtemp(directory));
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		char path[256], line[8192], *text;

		snprintf(path, sizeof(path), "%s/%s", directory, names[i]);
		this_program_copy(path, 0);
		format_frame(line, sizeof(line), path, i % 2);
		text = complete(line, strlen(line));
		assert_is_target(text);
		free(text);
		unlink(path);
	}
	rmdir(directory);
}

static void all_other_lines_stay_as_they_are(void **state)
{
	static const char report[] =
		"pqleak: app (pid 1): 2 connections opened\n"
		"\n"
		"    #0 PQconnectdb (/usr/lib/x86_64-linux-gnu/libpq.so.5)\n"
		"    #4 handle_request /srv/app.py:19\n"
		"    #1 0x7f12345678 (/nonexistent/lib.so+0x1234)\n"
		"    #1 0x7f12345678 (/nonexistent/lib.so+0x1234) (BuildId: 0123abcd)\n"
		"    #1 0x7f12345678 (+0x1234)\n"
		"    #1 0x7f12345678 (lib.so)\n"
		"    #1 0x7f12345678 (lib.so+0x)\n"
		"    #1 0x7f12345678 (lib.so+0x12345678901234567)\n"
		"    #1 0x7f12345678 (lib.so+0x12) (BuildId: )\n"
		"    #1 0x7f12345678 (lib.so+0x12) (BuildId: 123)\n"
		"    #1 0x7f12345678 (lib.so+0x12) (BuildId: xy)\n"
		"    #1 0x7f12345678 (lib.so+0x12) more\n"
		"    #1 0x7f12345678\n"
		"    #1 0x7f12345678 \n"
		"    #1 0x7f12345678 (\n"
		"    #1 0x (lib.so+0x12)\n"
		"    #1 0x123456789012345678901 (lib.so+0x12)\n"
		"    #1 \n"
		"    #\n"
		"    # 0x1 (lib.so+0x12)\n"
		"#1\n"
		"     \n"
		"    #1 0x0 (/+0x0)\n"
		"    #1 0x1 (/proc/self/mem+0x1000)\n"
		"    #1 0x1 (/tmp+0x1000)\n"
		"with\0zero #1 0x1 (/a+0x1)\n"
		"    #1 0x7f12345678 (/no end of line+0x1)";
	char *text = complete(report, sizeof(report) - 1);

	(void)state;
	assert_memory_equal(text, report, sizeof(report));
	free(text);
}

static void an_empty_report_stays_empty(void **state)
{
	const struct symbolizer_options options = { 0 };
	struct symbolizer *symbolizer = symbolizer_new(&options);
	FILE *in = fopen("/dev/null", "r");
	FILE *out = tmpfile();

	(void)state;
	assert_int_equal(plain_report_symbolize(in, out, symbolizer), 0);
	assert_int_equal(ftell(out), 0);
	fclose(in);
	fclose(out);
	symbolizer_free(symbolizer);
}

static void very_long_lines_pass(void **state)
{
	size_t length = 1 << 22;
	char *report = malloc(length + 1);
	const char frame[] = "    #1 0x1 (/";
	const char end[] = "+0x10) (BuildId: 0123)\n";
	char *text;

	(void)state;
	memset(report, '(', length);
	memcpy(report, frame, sizeof(frame) - 1);
	memcpy(report + length - sizeof(end) + 1, end, sizeof(end));
	text = complete(report, length);
	assert_string_equal(text, report);
	free(text);
	free(report);
}

static void a_full_disk_is_an_error(void **state)
{
	const struct symbolizer_options options = { 0 };
	struct symbolizer *symbolizer = symbolizer_new(&options);
	char report[] = "line\n";
	FILE *in = fmemopen(report, strlen(report), "r");
	FILE *out = fopen("/dev/full", "w");

	(void)state;
	assert_int_equal(plain_report_symbolize(in, out, symbolizer), -ENOSPC);
	fclose(in);
	fclose(out);
	symbolizer_free(symbolizer);
}

static void a_directory_is_a_read_error(void **state)
{
	const struct symbolizer_options options = { 0 };
	struct symbolizer *symbolizer = symbolizer_new(&options);
	FILE *in = fopen("/", "r");
	FILE *out = tmpfile();

	(void)state;
	assert_int_equal(plain_report_symbolize(in, out, symbolizer), -EISDIR);
	fclose(in);
	fclose(out);
	symbolizer_free(symbolizer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_native_frame_becomes_function_file_and_line),
		cmocka_unit_test(a_path_may_contain_what_separates_the_parts),
		cmocka_unit_test(all_other_lines_stay_as_they_are),
		cmocka_unit_test(an_empty_report_stays_empty),
		cmocka_unit_test(very_long_lines_pass),
		cmocka_unit_test(a_full_disk_is_an_error),
		cmocka_unit_test(a_directory_is_a_read_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
