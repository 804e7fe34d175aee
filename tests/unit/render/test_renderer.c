/* Exercises what all formats have in common. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fixture.h"
#include "render/renderer.h"

static void a_full_disk_is_an_error_of_the_renderer(void **state)
{
	static const char *const formats[] = { "text", "json" };
	struct render_options options = { 0 };
	struct report report = fixture_report();

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		FILE *full = fopen("/dev/full", "w");

		assert_non_null(full);
		assert_int_equal(renderer_find(formats[i])->render(full, &report, &options),
				 -ENOSPC);
		fclose(full);
	}
}

static void an_unknown_format_has_no_renderer(void **state)
{
	(void)state;
	assert_null(renderer_find("xml"));
	assert_string_equal(renderer_find("json")->format, "json");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_full_disk_is_an_error_of_the_renderer),
		cmocka_unit_test(an_unknown_format_has_no_renderer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
