/* Reads lines of /proc/PID/maps, also such as the kernel does not write. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "cli/doctor_maps.h"

static struct maps maps_of(const char *text)
{
	FILE *file = fmemopen((void *)(uintptr_t)text, strlen(text), "r");
	struct maps maps;

	assert_non_null(file);
	assert_int_equal(maps_read(&maps, file), 0);
	fclose(file);
	return maps;
}

static void what_can_be_run_is_kept(void **state)
{
	struct maps maps = maps_of(
		"1000-2000 r--p 00000000 fe:00 7   /usr/bin/a program\n"
		"2000-4000 r-xp 00001000 fe:00 7   /usr/bin/a program\n"
		"4000-5000 rw-p 00003000 fe:00 7   /usr/bin/a program\n"
		"5000-6000 r-xp 00000000 fe:00 8   /lib/libpq.so.5.15 (deleted)\n"
		"6000-7000 rwxp 00000000 00:00 0 \n"
		"7000-8000 r-xp 00000000 00:00 0   [vdso]\n");

	(void)state;
	assert_int_equal(maps.count, 4);
	assert_string_equal(maps_find(&maps, 0x2000)->path, "/usr/bin/a program");
	assert_string_equal(maps_find(&maps, 0x3fff)->path, "/usr/bin/a program");
	assert_string_equal(maps_find(&maps, 0x5000)->path, "/lib/libpq.so.5.15");
	assert_string_equal(maps_find(&maps, 0x6800)->path, "");
	assert_string_equal(maps_find(&maps, 0x7fff)->path, "[vdso]");
	maps_finish(&maps);
}

static void what_lies_between_is_not_found(void **state)
{
	struct maps maps = maps_of("2000-4000 r-xp 00001000 fe:00 7 /usr/bin/a\n"
				   "5000-6000 r-xp 00000000 fe:00 8 /usr/lib/b\n");

	(void)state;
	assert_null(maps_find(&maps, 0));
	assert_null(maps_find(&maps, 0x1fff));
	assert_null(maps_find(&maps, 0x4000));
	assert_null(maps_find(&maps, 0x6000));
	assert_null(maps_find(&maps, UINT64_MAX));
	maps_finish(&maps);
}

static void other_lines_are_left_out(void **state)
{
	struct maps maps = maps_of("\n"
				   "no map\n"
				   "2000 r-xp 00001000 fe:00 7 /usr/bin/a\n"
				   "3000-2000 r-xp 00001000 fe:00 7 /usr/bin/a\n"
				   "2000-3000 r-x\n"
				   "2000-3000 xp 00001000 fe:00 7 /usr/bin/a\n");

	(void)state;
	assert_int_equal(maps.count, 0);
	assert_null(maps_find(&maps, 0x2000));
	maps_finish(&maps);
}

static void a_name_is_the_end_of_a_path(void **state)
{
	(void)state;
	assert_string_equal(path_name("/usr/bin/psql"), "psql");
	assert_string_equal(path_name("psql"), "psql");
	assert_string_equal(path_name("/"), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_can_be_run_is_kept),
		cmocka_unit_test(what_lies_between_is_not_found),
		cmocka_unit_test(other_lines_are_left_out),
		cmocka_unit_test(a_name_is_the_end_of_a_path),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
