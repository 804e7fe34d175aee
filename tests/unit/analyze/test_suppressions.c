/* Suppressions match as LeakSanitizer's do, hide what they match and nothing else, and a
 * bad file is told in one line. */
#include "scene.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char *file_with(const char *text)
{
	char *path = strdup("/tmp/pqleak-test-XXXXXX");
	int fd = mkostemp(path, O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
	return path;
}

static struct suppressions *read_text(const char *text, char *problem)
{
	char *path = file_with(text);
	struct suppressions *suppressions;

	*problem = 0;
	suppressions = suppressions_read(path, problem, 512);
	unlink(path);
	free(path);
	return suppressions;
}

static bool matches(const char *pattern, const char *name)
{
	const struct report_frame frame = { .function = name, .file = "", .module = "" };
	const struct report_stack stack = { &frame, 1, false };
	struct suppressions *suppressions;
	char text[256], problem[512];
	bool is_match;

	snprintf(text, sizeof(text), "leak:%s\n", pattern);
	suppressions = read_text(text, problem);
	assert_non_null(suppressions);
	is_match = suppressions_match(suppressions, &stack);
	suppressions_free(suppressions);
	return is_match;
}

static void patterns_match_as_in_leak_sanitizer(void **state)
{
	static const struct {
		const char *pattern, *name;
		bool is_match;
	} rows[] = {
		{ "open", "open_one", true },
		{ "one", "open_one", true },
		{ "^open", "open_one", true },
		{ "^one", "open_one", false },
		{ "one$", "open_one", true },
		{ "open$", "open_one", false },
		{ "^open_one$", "open_one", true },
		{ "^open_one$", "open_one2", false },
		{ "o*n*e", "open_one", true },
		{ "^o*o*e$", "open_one", true },
		{ "e*x", "open_one", false },
		{ "*", "open_one", true },
		{ "a*b*c", "aXbXbXc", true },
		{ "open_one_more", "open_one", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (matches(rows[i].pattern, rows[i].name) != rows[i].is_match)
			fail_msg("%s in %s", rows[i].pattern, rows[i].name);
}

static void any_frame_s_function_file_or_module_counts(void **state)
{
	const struct report_frame frames[] = {
		{ .function = "f", .file = "/srv/app.py", .module = "" },
		{ .function = "g", .file = "", .module = "/usr/lib/libpool.so.1" },
	};
	const struct report_stack stack = { frames, 2, false };
	char problem[512];
	struct suppressions *suppressions =
		read_text("# known\n\n  leak:libpool  \nleak:nothing\n", problem);

	(void)state;
	assert_non_null(suppressions);
	assert_true(suppressions_match(suppressions, &stack));
	assert_false(suppressions_match(suppressions, &(struct report_stack){ frames, 1, false }));
	assert_false(suppressions_match(NULL, &stack));
	suppressions_free(suppressions);
}

static void a_bad_line_is_named(void **state)
{
	static const char *const bad[] = { "race:x", "leak", "leak:", "leak:   ", "open_one" };
	char text[64], problem[512];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(text, sizeof(text), "leak:good\n\n%s\n", bad[i]);
		assert_null(read_text(text, problem));
		assert_says(problem, "line 3: expected leak:PATTERN");
		assert_null(strchr(problem, '\n'));
	}
}

static void a_file_that_cannot_be_read_is_named(void **state)
{
	char problem[512];

	(void)state;
	assert_null(suppressions_read("/nonexistent/file", problem, sizeof(problem)));
	assert_string_equal(problem,
			    "cannot open '/nonexistent/file': No such file or directory");
	assert_null(suppressions_read("/tmp", problem, sizeof(problem)));
	assert_string_equal(problem, "cannot read '/tmp': Is a directory");
}

static void a_suppressed_site_neither_fails_nor_counts(void **state)
{
	struct scene *scene = scene_new();
	struct python_scene python = python_scene(scene, 1);
	struct ledger_builder *builder = python.builder;
	uint32_t known = builder_site(builder, python_opened(&python, "known", 10));
	uint32_t other = builder_site(builder, python_opened(&python, "other", 20));
	struct suppressions *suppressions;
	const struct report *report;
	char problem[512];

	(void)state;
	builder_open(builder, known, 0);
	suppressions = read_text("leak:^known$\n", problem);
	scene->suppressions = suppressions;
	report = scene_report(scene);
	assert_false(report->is_failing);
	assert_int_equal(report->suppressed, 1);
	assert_int_equal(report->verdict_count[VERDICT_LEAK], 0);
	assert_true(scene_site(scene, "known")->is_suppressed);

	builder_open(builder, other, 0);
	report = scene_report(scene);
	assert_true(report->is_failing);
	assert_int_equal(report->suppressed, 1);
	assert_int_equal(report->verdict_count[VERDICT_LEAK], 1);
	assert_false(scene_site(scene, "other")->is_suppressed);
	suppressions_free(suppressions);
	scene_free(scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(patterns_match_as_in_leak_sanitizer),
		cmocka_unit_test(any_frame_s_function_file_or_module_counts),
		cmocka_unit_test(a_bad_line_is_named),
		cmocka_unit_test(a_file_that_cannot_be_read_is_named),
		cmocka_unit_test(a_suppressed_site_neither_fails_nor_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
