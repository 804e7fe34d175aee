#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "render/renderer.h"

char *fixture_render(const char *format, const struct report *report, bool is_verbose,
		     bool has_color)
{
	struct render_options options = { .is_verbose = is_verbose, .has_color = has_color };
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	assert_int_equal(renderer_find(format)->render(out, report, &options), 0);
	assert_int_equal(fclose(out), 0);
	return text;
}

void has(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("no \"%s\" in:\n%s", part, text);
}

void has_not(const char *text, const char *part)
{
	if (strstr(text, part))
		fail_msg("\"%s\" in:\n%s", part, text);
}
