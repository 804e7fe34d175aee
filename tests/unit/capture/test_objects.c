/* The objects of this process, against what the loader itself and /proc say. */
#include "capture/objects.h"

#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static struct object objects[64];
static const char other[] = "libz.so.1"; /* nothing here needs it; libdw does, so it is there */

static void each_address_has_its_object(void **state)
{
	uintptr_t addresses[] = { (uintptr_t)each_address_has_its_object, (uintptr_t)&qsort, 16,
				  (uintptr_t)&objects, (uintptr_t)&addresses };
	uint8_t indexes[5];
	char path[PATH_MAX], executable[PATH_MAX] = "";

	(void)state;
	errno = EDOM;
	assert_int_equal(objects_cover(addresses, 5, objects, 64, indexes), 2);
	assert_int_equal(errno, EDOM);
	assert_int_equal(indexes[2], OBJECT_NONE);
	assert_int_equal(indexes[4], OBJECT_NONE);
	assert_int_equal(indexes[0], indexes[3]);
	assert_int_not_equal(indexes[0], indexes[1]);

	const struct object *own = &objects[indexes[0]], *libc = &objects[indexes[1]];

	assert_true(own->is_main);
	assert_false(libc->is_main);
	assert_true(own->order < libc->order);
	assert_true(own->start <= addresses[0] && addresses[0] < own->end);
	assert_true(readlink("/proc/self/exe", executable, sizeof(executable)) > 0);
	object_path(own, path);
	assert_string_equal(path, executable);
	object_path(libc, path);
	assert_non_null(strstr(path, "/libc.so.6"));
}

static void bias_and_extent_are_those_of_the_loader(void **state)
{
	uintptr_t address = (uintptr_t)dlsym(RTLD_DEFAULT, "qsort");
	struct link_map *map;
	Dl_info info;
	uint8_t index;

	(void)state;
	assert_int_equal(objects_cover(&address, 1, objects, 1, &index), 1);
	assert_int_not_equal(dladdr1((void *)address, &info, (void **)&map, RTLD_DL_LINKMAP), 0);
	assert_int_equal(objects[0].bias, map->l_addr);
	assert_int_equal(objects[0].start, (uintptr_t)info.dli_fbase);
	assert_string_equal(objects[0].path, map->l_name);
}

/* The linker wrote it into a note; readelf finds it in the file. */
static void the_build_id_is_that_of_the_file(void **state)
{
	uintptr_t address = (uintptr_t)the_build_id_is_that_of_the_file;
	char command[PATH_MAX + 64], read[128] = "", own[2 * LEDGER_BUILD_ID_MAX + 1] = "";
	char path[PATH_MAX];
	uint8_t index;

	(void)state;
	assert_int_equal(objects_cover(&address, 1, objects, 1, &index), 1);
	assert_in_range(objects[0].build_id_length, 8, LEDGER_BUILD_ID_MAX);
	for (uint32_t i = 0; i < objects[0].build_id_length; i++)
		sprintf(own + 2 * i, "%02x", objects[0].build_id[i]);
	object_path(&objects[0], path);
	snprintf(command, sizeof(command), "readelf -n '%s' | sed -n 's/.*Build ID: //p'", path);
	FILE *readelf = popen(command, "r");

	assert_non_null(readelf);
	assert_non_null(fgets(read, sizeof(read), readelf));
	assert_int_equal(pclose(readelf), 0);
	read[strcspn(read, "\n")] = 0;
	assert_string_equal(own, read);
}

static void no_more_are_filled_than_there_is_room_for(void **state)
{
	uintptr_t addresses[] = { (uintptr_t)&no_more_are_filled_than_there_is_room_for,
				  (uintptr_t)&qsort };
	uint8_t indexes[2];

	(void)state;
	memset(objects, 0x5a, sizeof(objects));
	assert_int_equal(objects_cover(addresses, 2, objects, 1, indexes), 1);
	assert_int_equal(indexes[0], 0);
	assert_int_equal(indexes[1], OBJECT_NONE);
	assert_int_equal(objects[1].start, (uintptr_t)0x5a5a5a5a5a5a5a5a);
	assert_int_equal(objects_cover(addresses, 0, objects, 64, indexes), 0);
}

static void objects_are_found_by_the_beginning_of_their_name(void **state)
{
	(void)state;
	assert_int_equal(objects_named("libc.so", objects, 64), 1);
	assert_non_null(strstr(objects[0].path, "libc.so.6"));
	assert_int_equal(objects_named("lib", objects, 1), 1);
	assert_true(objects_named("lib", objects, 64) > 1);
	assert_int_equal(objects_named("libnone", objects, 64), 0);
	/* The path is no part of the name. */
	assert_int_equal(objects_named("/lib", objects, 64), 0);
}

static void the_generation_changes_with_each_load_and_unload(void **state)
{
	uint64_t before = objects_generation();
	void *handle;

	(void)state;
	assert_int_equal(objects_generation(), before);
	handle = dlopen(other, RTLD_NOW);
	assert_non_null(handle);
	uint64_t loaded = objects_generation();

	assert_true(loaded != before);
	assert_int_equal(objects_named("libz.so", objects, 64), 1);
	dlclose(handle);
	assert_true(objects_generation() != loaded);
	assert_int_equal(objects_named("libz.so", objects, 64), 0);
}

static void a_relative_path_is_made_full(void **state)
{
	struct object object = { .path = "lib/own.so" };
	char path[PATH_MAX], expected[PATH_MAX];

	(void)state;
	assert_non_null(getcwd(expected, PATH_MAX - 32));
	strcat(expected, "/lib/own.so");
	object_path(&object, path);
	assert_string_equal(path, expected);
	/* A name alone is no path: linux-vdso.so.1. */
	strcpy(object.path, "linux-vdso.so.1");
	object_path(&object, path);
	assert_string_equal(path, "linux-vdso.so.1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_address_has_its_object),
		cmocka_unit_test(bias_and_extent_are_those_of_the_loader),
		cmocka_unit_test(the_build_id_is_that_of_the_file),
		cmocka_unit_test(no_more_are_filled_than_there_is_room_for),
		cmocka_unit_test(objects_are_found_by_the_beginning_of_their_name),
		cmocka_unit_test(the_generation_changes_with_each_load_and_unload),
		cmocka_unit_test(a_relative_path_is_made_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
