/* Offsets: by the table, and as a runtime of 3.13 and newer says them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "frames/peek.h"
#include "frames/python_layout.h"

/* Every word says its own index times 8, after the head. */
static void runtime_init(uint64_t words[128], unsigned minor)
{
	for (unsigned i = 0; i < 128; i++)
		words[i] = 8 * i;
	memcpy(words, "xdebugpy", 8);
	words[1] = (uint64_t)(0x0300 | minor) << 16 | 0x1f0;
	words[2] = 0;
}

static void unknown_versions_are_refused(void **state)
{
	static const unsigned minors[] = { 0, 5, 16, 99 };
	struct python_layout layout;

	(void)state;
	for (size_t i = 0; i < sizeof(minors) / sizeof(*minors); i++)
		assert_int_equal(-ENOTSUP, python_layout_init(minors[i], 0, &layout));
}

static void the_table_has_every_version(void **state)
{
	static const uint32_t positions[] = { 120, 104, 104, 104, 96, 56, 56 };
	struct python_layout layout;

	(void)state;
	for (unsigned minor = 6; minor <= 12; minor++) {
		assert_int_equal(0, python_layout_init(minor, 0, &layout));
		assert_int_equal(positions[minor - 6], layout.frame_position);
		assert_int_equal(minor >= 11, layout.code_qualified_name != 0);
	}
}

static void a_runtime_says_its_own(void **state)
{
	static const uint32_t executables[] = { 30, 33, 41 };
	struct python_layout layout;
	uint64_t words[128];

	(void)state;
	for (unsigned minor = 13; minor <= 15; minor++) {
		runtime_init(words, minor);
		assert_int_equal(0, python_layout_init(minor, (uintptr_t)words, &layout));
		assert_int_equal(8 * executables[minor - 13], layout.frame_code);
		assert_false(layout.is_free_threaded);
		assert_int_equal(0, layout.code_thread_bytecode);
		words[2] = 1;
		assert_int_equal(0, python_layout_init(minor, (uintptr_t)words, &layout));
		assert_true(layout.is_free_threaded);
		assert_int_equal(minor > 13, layout.code_thread_bytecode != 0);
	}
}

static void a_runtime_that_says_anything_else_is_refused(void **state)
{
	struct python_layout layout;
	uint64_t words[128];

	(void)state;
	assert_int_equal(-EFAULT, python_layout_init(13, 0, &layout));
	runtime_init(words, 13);
	assert_int_equal(-EFAULT, python_layout_init(14, (uintptr_t)words, &layout));
	runtime_init(words, 13);
	words[0]++;
	assert_int_equal(-EFAULT, python_layout_init(13, (uintptr_t)words, &layout));
	runtime_init(words, 13);
	words[2] = 2;
	assert_int_equal(-EFAULT, python_layout_init(13, (uintptr_t)words, &layout));
	runtime_init(words, 13);
	words[30] = (uint64_t)1 << 32;
	assert_int_equal(-EFAULT, python_layout_init(13, (uintptr_t)words, &layout));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(unknown_versions_are_refused),
		cmocka_unit_test(the_table_has_every_version),
		cmocka_unit_test(a_runtime_says_its_own),
		cmocka_unit_test(a_runtime_that_says_anything_else_is_refused),
	};

	return cmocka_run_group_tests_name("python layout", tests, NULL, NULL);
}
