/* Where ledgers may live, and which directories are refused. */
#include "base/place.h"

#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { NOBODY = 65534 };

static char top[] = "/tmp/place-XXXXXX";

static char *inside(const char *name)
{
	static char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", top, name);
	return path;
}

static char *made(const char *name, mode_t mode)
{
	char *path = inside(name);

	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(chmod(path, mode), 0);
	return path;
}

static mode_t mode_of(const char *path)
{
	struct stat status;

	assert_int_equal(stat(path, &status), 0);
	return status.st_mode & 07777;
}

static void a_missing_directory_is_made_for_the_user_alone(void **state)
{
	mode_t masks[] = { 0, 022, 0777 };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		char name[8] = { 'n', 'e', 'w', (char)('0' + i) }, path[PATH_MAX];
		mode_t mask = umask(masks[i]);

		assert_int_equal(place_open(inside(name), path), 0);
		umask(mask);
		assert_string_equal(path, inside(name));
		assert_int_equal(mode_of(path), 0700);
	}
}

static void a_given_directory_keeps_its_mode(void **state)
{
	static const struct {
		mode_t mode;
		int result;
	} rows[] = {
		{ 0700, 0 },       { 0755, 0 },       { 01777, 0 },
		{ 0777, -EPERM },  { 0770, -EPERM },  { 0702, -EPERM },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char name[8] = { 'm', (char)('0' + i) }, path[PATH_MAX] = "untouched";
		const char *given = made(name, rows[i].mode);

		errno = EDOM;
		assert_int_equal(place_open(given, path), rows[i].result);
		assert_int_equal(errno, EDOM);
		assert_string_equal(path, rows[i].result ? "untouched" : given);
		assert_int_equal(mode_of(given), rows[i].mode);
	}
}

static void slashes_at_the_end_are_taken_off(void **state)
{
	char path[PATH_MAX], given[PATH_MAX];

	(void)state;
	snprintf(given, sizeof(given), "%s///", made("slashes", 0700));
	assert_int_equal(place_open(given, path), 0);
	assert_string_equal(path, inside("slashes"));
}

static void what_is_no_directory_is_refused(void **state)
{
	char path[PATH_MAX];
	FILE *file = fopen(inside("file"), "w");

	(void)state;
	assert_non_null(file);
	fclose(file);
	assert_int_equal(place_open(inside("file"), path), -ENOTDIR);
	made("target", 0700);
	assert_int_equal(symlink("target", inside("link")), 0);
	assert_int_equal(place_open(inside("link"), path), -ENOTDIR);
	assert_int_equal(place_open(inside("none/below"), path), -ENOENT);
}

static void a_name_that_is_too_long_is_refused(void **state)
{
	char given[PATH_MAX + 2], path[PATH_MAX];

	(void)state;
	memset(given, 'x', sizeof(given) - 1);
	given[sizeof(given) - 1] = 0;
	assert_int_equal(place_open(given, path), -ENAMETOOLONG);
}

static void another_users_directory_is_refused(void **state)
{
	char path[PATH_MAX];
	const char *given = made("foreign", 0700);

	(void)state;
	if (geteuid())
		skip(); /* only root can give a directory away */
	assert_int_equal(chown(given, NOBODY, NOBODY), 0);
	assert_int_equal(place_open(given, path), -EPERM);
}

static void the_session_comes_first_and_must_be_private(void **state)
{
	char path[PATH_MAX], expected[PATH_MAX];
	const char *runtime = made("runtime", 0700);

	(void)state;
	setenv("XDG_RUNTIME_DIR", runtime, 1);
	snprintf(expected, sizeof(expected), "%s/pqleak", runtime);
	assert_int_equal(place_open("", path), 0);
	assert_string_equal(path, expected);
	assert_int_equal(mode_of(path), 0700);
	/* One that others can look into is passed over. */
	chmod(path, 0755);
	assert_int_equal(place_open("", path), 0);
	assert_string_not_equal(path, expected);
	unsetenv("XDG_RUNTIME_DIR");
}

static void candidates_come_in_order(void **state)
{
	static const char *const with[] = { "/run/x/pqleak", "/dev/shm/pqleak-7", "/tmp/pqleak-7",
					    "/run/user/7/pqleak" };
	char path[PATH_MAX];

	(void)state;
	setenv("XDG_RUNTIME_DIR", "/run/x", 1);
	for (unsigned i = 0; i < 4; i++) {
		assert_true(place_candidate(i, 7, path));
		assert_string_equal(path, with[i]);
	}
	assert_false(place_candidate(4, 7, path));
	/* A relative one is none. */
	setenv("XDG_RUNTIME_DIR", "run", 1);
	for (unsigned i = 0; i < 3; i++) {
		assert_true(place_candidate(i, 7, path));
		assert_string_equal(path, with[i + 1]);
	}
	assert_false(place_candidate(3, 7, path));
	unsetenv("XDG_RUNTIME_DIR");
}

static int make_top(void **state)
{
	(void)state;
	return mkdtemp(top) ? 0 : -1;
}

static int remove_top(void **state)
{
	char command[PATH_MAX];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", top);
	return system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_missing_directory_is_made_for_the_user_alone),
		cmocka_unit_test(a_given_directory_keeps_its_mode),
		cmocka_unit_test(slashes_at_the_end_are_taken_off),
		cmocka_unit_test(what_is_no_directory_is_refused),
		cmocka_unit_test(a_name_that_is_too_long_is_refused),
		cmocka_unit_test(another_users_directory_is_refused),
		cmocka_unit_test(the_session_comes_first_and_must_be_private),
		cmocka_unit_test(candidates_come_in_order),
	};

	return cmocka_run_group_tests(tests, make_top, remove_top);
}
