/* Names of source files as compilers write them, made full and short. */
#include "symbolize/source_paths.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static const struct {
	const char *directory, *name, *path;
} rows[] = {
	{ "/nonexistent/build", "app.c", "/nonexistent/build/app.c" },
	{ "/nonexistent/build", "./app.c", "/nonexistent/build/app.c" },
	{ "/nonexistent/build", "../src/./app.c", "/nonexistent/src/app.c" },
	{ "/nonexistent/build", "../../../app.c", "/app.c" },
	{ "/nonexistent//build/", "app.c", "/nonexistent/build/app.c" },
	{ "/nonexistent/build", "...", "/nonexistent/build/..." },
	{ "/nonexistent/build", "..a/.b/c..", "/nonexistent/build/..a/.b/c.." },
	{ "/nonexistent/build", "/usr/src/app.c", "/usr/src/app.c" },
	{ "/nonexistent/build", "/usr/bin/../include/x.h", "/usr/include/x.h" },
	{ NULL, "/usr/bin/../include/x.h", "/usr/include/x.h" },
	{ NULL, "app.c", "app.c" },
	{ "./stdlib", "./stdlib/msort.c", "./stdlib/msort.c" },
	{ "", "app.c", "app.c" },
	{ "/nonexistent/build", "", "/nonexistent/build" },
	{ "/nonexistent/build", NULL, NULL },
};

static void paths_become_full_and_short(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct source_paths paths = { .directory = rows[i].directory };
		const char *path = source_paths_find(&paths, rows[i].name);

		if (rows[i].path)
			assert_string_equal(path, rows[i].path);
		else
			assert_null(path);
		assert_ptr_equal(source_paths_find(&paths, rows[i].name), path);
		source_paths_finish(&paths);
	}
}

static void a_link_keeps_its_dots_where_they_matter(void **state)
{
	char top[] = "/tmp/source-paths-XXXXXX";
	char command[512], name[128];
	struct source_paths paths = { 0 };

	(void)state;
	assert_non_null(mkdtemp(top));
	/* link/.. is far/away, where app.c is: not the directory of the link. */
	snprintf(command, sizeof(command),
		 "cd %s && mkdir -p far/away/build && ln -s far/away/build link && "
		 "touch far/away/app.c", top);
	assert_int_equal(system(command), 0);
	snprintf(name, sizeof(name), "%s/link/../app.c", top);
	assert_string_equal(source_paths_find(&paths, name), name);
	source_paths_finish(&paths);
	snprintf(command, sizeof(command), "rm -r %s", top);
	assert_int_equal(system(command), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paths_become_full_and_short),
		cmocka_unit_test(a_link_keeps_its_dots_where_they_matter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
