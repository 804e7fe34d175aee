/* Maps of just-in-time compiled code in /tmp, where anyone may write. */
#include "symbolize/perf_map.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* Ours: no other process has this pid while we run. */
static char path[64];

static void write_map(const char *text, size_t length)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, length, file), length);
	assert_int_equal(fclose(file), 0);
}

static int remove_map(void **state)
{
	(void)state;
	unlink(path);
	return 0;
}

static void the_last_line_that_covers_an_address_wins(void **state)
{
	static const char text[] = "1000 100 old\n"
				   "1080 10 moved here\n"
				   "2000 10 ~script /srv/app.js:3:7\n"
				   "1084 4 tiny\n"
				   "1000 90 new\n";
	struct perf_map *map;

	(void)state;
	write_map(text, strlen(text));
	map = perf_map_new(getpid(), getuid());
	assert_non_null(map);
	assert_string_equal(perf_map_find(map, 0x1000), "new");
	assert_string_equal(perf_map_find(map, 0x1085), "new");
	assert_string_equal(perf_map_find(map, 0x1090), "old");
	assert_string_equal(perf_map_find(map, 0x200f), "~script /srv/app.js:3:7");
	assert_null(perf_map_find(map, 0x2010));
	assert_null(perf_map_find(map, 0xfff));
	perf_map_free(map);
}

static void lines_that_are_none_are_passed_over(void **state)
{
	static const char text[] = "\n \nxyz\n1000\n1000 10\n1000 10 \n-1 10 negative\n"
				   "10000000000000000 1 too long\nfffffffffffffff0 20 wraps\n"
				   "0x1000 10 prefixed\n1000 0 empty\n1000\t10\ttabs\n"
				   "1000 10 good\n1000 10 zero\0inside\n1000 10 unfinished";
	struct perf_map *map;

	(void)state;
	write_map(text, sizeof(text) - 1);
	map = perf_map_new(getpid(), getuid());
	assert_non_null(map);
	assert_string_equal(perf_map_find(map, 0x1000), "zero");
	assert_null(perf_map_find(map, 0));
	assert_null(perf_map_find(map, 0xfffffffffffffff8));
	perf_map_free(map);
}

static void an_empty_map_has_no_names(void **state)
{
	struct perf_map *map;

	(void)state;
	write_map("", 0);
	map = perf_map_new(getpid(), getuid());
	assert_non_null(map);
	assert_null(perf_map_find(map, 0x1000));
	perf_map_free(map);
}

static void only_a_regular_file_is_read(void **state)
{
	char other[] = "/tmp/perf-map-test-XXXXXX";
	int fd = mkstemp(other);

	(void)state;
	assert_null(perf_map_new(getpid(), getuid()));
	assert_int_equal(symlink(other, path), 0);
	assert_null(perf_map_new(getpid(), getuid()));
	unlink(path);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_null(perf_map_new(getpid(), getuid()));
	unlink(path);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_null(perf_map_new(getpid(), getuid()));
	rmdir(path);
	close(fd);
	unlink(other);
}

static void a_stranger_s_file_is_not_read(void **state)
{
	static const char text[] = "1000 10 name\n";
	struct perf_map *map;

	(void)state;
	write_map(text, strlen(text));
	if (chown(path, 4711, (gid_t)-1) != 0)
		skip(); /* only root can give a file to a stranger */
	assert_null(perf_map_new(getpid(), 4712));
	map = perf_map_new(getpid(), 4711);
	assert_non_null(map);
	perf_map_free(map);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(the_last_line_that_covers_an_address_wins, remove_map),
		cmocka_unit_test_teardown(lines_that_are_none_are_passed_over, remove_map),
		cmocka_unit_test_teardown(an_empty_map_has_no_names, remove_map),
		cmocka_unit_test_teardown(only_a_regular_file_is_read, remove_map),
		cmocka_unit_test_teardown(a_stranger_s_file_is_not_read, remove_map),
	};

	snprintf(path, sizeof(path), "/tmp/perf-%d.map", getpid());
	return cmocka_run_group_tests(tests, NULL, NULL);
}
