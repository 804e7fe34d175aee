/* Names without lines: from symbols alone, of this very program. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "symbolize/symbolizer.h"
#include "this_program.h"

static const struct symbolizer_options options;

static __attribute__((noinline)) int target(int number)
{
	__asm__ volatile("" : "+r"(number));
	return number;
}

/* Asked for in both orders: one answer is not given for the other. */
static void a_name_that_is_enough_has_no_line(void **state)
{
	struct symbolizer_module module = this_program();
	struct symbolizer_location found[SYMBOLIZER_INLINE_MAX];
	uint64_t offset = this_program_offset((const void *)(uintptr_t)target);

	(void)state;
	assert_int_equal(target(1), 1);
	for (int first = 0; first < 2; first++) {
		struct symbolizer *symbolizer = symbolizer_new(&options);

		for (int i = 0; i < 2; i++) {
			module.is_name_enough = i == first;
			assert_int_equal(symbolizer_find(symbolizer, &module, offset,
							 found), 1);
			assert_string_equal(found[0].function, "target");
			assert_int_equal(found[0].line == 0, module.is_name_enough);
			assert_int_equal(found[0].file == NULL, module.is_name_enough);
		}
		module.is_name_enough = true;
		assert_int_equal(symbolizer_find(symbolizer, &module, 1, found), 0);
		symbolizer_free(symbolizer);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_that_is_enough_has_no_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
