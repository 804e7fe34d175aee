/* Prints the reports built by hand as JSON, one after the other, for validate.py. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "fixture.h"
#include "render/renderer.h"

int main(void)
{
	struct report reports[] = {
		fixture_report(), fixture_clean_report(), { .reason_detail = "" },
		fixture_limit_report(REASON_EXHAUSTION), fixture_limit_report(REASON_AFTER_ALL),
	};
	struct render_options options = { 0 };

	for (size_t i = 0; i < sizeof(reports) / sizeof(reports[0]); i++) {
		if (renderer_find("json")->render(stdout, &reports[i], &options))
			return 1;
	}
	return 0;
}
