/* Each path belongs to its library, and the user line is the program's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "analyze/owner.h"
#include "analyze/user_line.h"

static const struct {
	enum ledger_language language;
	const char *path;
	bool is_main;
	enum owner owner;
	const char *library;
} rows[] = {
	{ LEDGER_PYTHON, "/srv/app.py", false, OWNER_PROGRAM, "" },
	{ LEDGER_PYTHON, "app.py", false, OWNER_PROGRAM, "" },
	{ LEDGER_PYTHON, "<string>", false, OWNER_PROGRAM, "" },
	{ LEDGER_PYTHON, "<stdin>", false, OWNER_PROGRAM, "" },
	{ LEDGER_PYTHON, "<frozen runpy>", false, OWNER_LIBRARY, "python" },
	{ LEDGER_PYTHON, "<sqlalchemy generated _go() wrapper for x>", false, OWNER_LIBRARY,
	  "sqlalchemy" },
	{ LEDGER_PYTHON, "/usr/lib/python3.11/threading.py", false, OWNER_LIBRARY, "python" },
	{ LEDGER_PYTHON, "/opt/python/lib/python3.13t/asyncio/runners.py", false, OWNER_LIBRARY,
	  "python" },
	{ LEDGER_PYTHON, "/usr/lib/python3/dist-packages/sqlalchemy/pool/base.py", false,
	  OWNER_LIBRARY, "sqlalchemy" },
	{ LEDGER_PYTHON, "/venv/lib/python3.11/site-packages/psycopg2/__init__.py", false,
	  OWNER_LIBRARY, "psycopg2" },
	{ LEDGER_PYTHON, "/venv/lib/python3.11/site-packages/psycopg/connection.py", false,
	  OWNER_LIBRARY, "psycopg" },
	{ LEDGER_PYTHON, "/venv/lib/python3.11/site-packages/psycopg_pool/pool.py", false,
	  OWNER_LIBRARY, "psycopg_pool" },
	{ LEDGER_PYTHON, "/venv/lib/python3.11/site-packages/pgdb.py", false, OWNER_LIBRARY,
	  "PyGreSQL" },
	{ LEDGER_PYTHON, "/venv/lib/python3.11/site-packages/django/db/backends/base.py", false,
	  OWNER_LIBRARY, "django" },
	{ LEDGER_PYTHON, "/venv/lib/python3.11/site-packages/shop/orders.py", false,
	  OWNER_PACKAGE, "shop" },
	{ LEDGER_PYTHON, "/task/sqlalchemy/engine/base.py", false, OWNER_LIBRARY, "sqlalchemy" },
	{ LEDGER_PYTHON, "/srv/sqlalchemy/app.py", false, OWNER_PROGRAM, "" },
	{ LEDGER_PYTHON, "/venv/bin/gunicorn", false, OWNER_PACKAGE, "gunicorn" },
	{ LEDGER_PYTHON, "/srv/bin/job.py", false, OWNER_PROGRAM, "" },
	{ LEDGER_PHP, "", false, OWNER_LIBRARY, "php" },
	{ LEDGER_PHP, "/srv/app/public/index.php", false, OWNER_PROGRAM, "" },
	{ LEDGER_PHP, "/srv/app/index.php(12) : eval()'d code", false, OWNER_PROGRAM, "" },
	{ LEDGER_PHP, "/srv/app/vendor/doctrine/dbal/src/Connection.php", false, OWNER_LIBRARY,
	  "doctrine/dbal" },
	{ LEDGER_PHP, "/srv/app/vendor/phpunit/phpunit/src/TextUI/Command.php", false,
	  OWNER_LIBRARY, "phpunit" },
	{ LEDGER_PHP, "/srv/app/vendor/shop/orders/src/Order.php", false, OWNER_PACKAGE,
	  "shop/orders" },
	{ LEDGER_PHP, "/srv/app/vendor/autoload.php", false, OWNER_LIBRARY, "composer" },
	{ LEDGER_PHP, "/srv/app/vendor/composer/ClassLoader.php", false, OWNER_LIBRARY,
	  "composer" },
	{ LEDGER_PHP, "phar:///usr/bin/phpunit.phar/phpunit/Runner.php", false, OWNER_LIBRARY,
	  "phpunit" },
	{ LEDGER_NATIVE, "/usr/lib/php/20220829/pdo_pgsql.so", false, OWNER_LIBRARY, "pdo_pgsql" },
	{ LEDGER_NATIVE, "/opt/php/extensions/pgsql.so", false, OWNER_LIBRARY, "pgsql" },
	{ LEDGER_NATIVE, "/usr/sbin/php-fpm8.2", true, OWNER_LIBRARY, "php" },
	{ LEDGER_LUA, "/srv/app.lua", false, OWNER_PROGRAM, "" },
	{ LEDGER_LUA, "/usr/share/lua/5.4/DBI.lua", false, OWNER_LIBRARY, "luadbi" },
	{ LEDGER_NATIVE, "/usr/lib/x86_64-linux-gnu/lua/5.4/luasql/postgres.so", false,
	  OWNER_LIBRARY, "luasql" },
	{ LEDGER_NATIVE, "/usr/lib/x86_64-linux-gnu/liblua5.4-dbi-postgresql.so.0", false,
	  OWNER_LIBRARY, "luadbi" },
	{ LEDGER_NATIVE, "/usr/bin/lua5.4", true, OWNER_LIBRARY, "lua" },
	{ LEDGER_NATIVE, "/usr/lib/x86_64-linux-gnu/liblua5.4.so.0", false, OWNER_LIBRARY, "lua" },
	{ LEDGER_NATIVE, "/var/cache/JNA/temp/jna12051122438872421803.tmp", false, OWNER_LIBRARY,
	  "jna" },
	{ LEDGER_NATIVE, "/srv/forgotten", true, OWNER_PROGRAM, "" },
	{ LEDGER_NATIVE, "/usr/lib/postgresql/15/bin/psql", true, OWNER_PROGRAM, "" },
	{ LEDGER_NATIVE, "/usr/bin/python3.11", true, OWNER_LIBRARY, "python" },
	{ LEDGER_NATIVE, "/opt/py/bin/python", true, OWNER_LIBRARY, "python" },
	{ LEDGER_NATIVE, "/usr/lib/x86_64-linux-gnu/libpython3.11.so.1.0", false, OWNER_LIBRARY,
	  "python" },
	{ LEDGER_NATIVE, "/opt/pgsql/lib/libpq.so.5.17", false, OWNER_LIBRARY, "libpq" },
	{ LEDGER_NATIVE, "/v/lib/python3.11/site-packages/psycopg2_binary.libs/libpq-1a2b.so.5.16",
	  false, OWNER_LIBRARY, "libpq" },
	{ LEDGER_NATIVE, "/v/lib/python3.11/site-packages/psycopg2/_psycopg.cpython-311-x86_64"
	  "-linux-gnu.so", false, OWNER_LIBRARY, "psycopg2" },
	{ LEDGER_NATIVE, "/v/lib/python3.11/site-packages/psycopg2_binary.libs/libkrb5-1a2b.so.3",
	  false, OWNER_LIBRARY, "psycopg2" },
	{ LEDGER_NATIVE, "/v/lib/python3.11/site-packages/psycopg_binary/pq.so", false,
	  OWNER_LIBRARY, "psycopg" },
	{ LEDGER_NATIVE, "/v/lib/python3.11/site-packages/psycopg_binary/_psycopg.cpython-311"
	  "-x86_64-linux-gnu.so", false, OWNER_LIBRARY, "psycopg" },
	{ LEDGER_NATIVE, "/task/psycopg_c/_psycopg.cpython-311-x86_64-linux-gnu.so", false,
	  OWNER_LIBRARY, "psycopg" },
	{ LEDGER_NATIVE, "/v/lib/python3.11/site-packages/psycopg_binary.libs/libpq-e9b5.so.5.18",
	  false, OWNER_LIBRARY, "libpq" },
	{ LEDGER_NATIVE, "/v/lib/python3.11/site-packages/psycopg_binary.libs/libkrb5-fc.so.3.3",
	  false, OWNER_LIBRARY, "psycopg" },
	{ LEDGER_NATIVE, "/usr/lib/python3/dist-packages/shop/fast.so", false, OWNER_PACKAGE,
	  "shop" },
	{ LEDGER_NATIVE, "/usr/lib/python3.11/lib-dynload/_ctypes.so", false, OWNER_LIBRARY,
	  "python" },
	{ LEDGER_NATIVE, "/lib/x86_64-linux-gnu/libc.so.6", false, OWNER_LIBRARY, "libc" },
	{ LEDGER_NATIVE, "/lib64/ld-linux-x86-64.so.2", false, OWNER_LIBRARY, "libc" },
	{ LEDGER_NATIVE, "/usr/lib/x86_64-linux-gnu/libpqxx-6.4.so", false, OWNER_LIBRARY,
	  "libpqxx" },
	{ LEDGER_NATIVE, "/usr/local/lib/libpqxx-7.9.so", false, OWNER_LIBRARY, "libpqxx" },
	{ LEDGER_NATIVE, "/usr/lib/x86_64-linux-gnu/libboost_thread.so.1.74.0", false,
	  OWNER_LIBRARY, "libboost_thread" },
	{ LEDGER_NATIVE, "/srv/plugins/orders.so", false, OWNER_PROGRAM, "" },
	{ LEDGER_NATIVE, "/usr/local/lib/liborders.so", false, OWNER_PROGRAM, "" },
	{ LEDGER_NATIVE, "", false, OWNER_LIBRARY, "unknown" },
};

static const char *const source_rows[][2] = {
	{ "/srv/orders/main.cc", "" },
	{ "", "" },
	{ "/usr/include/pqxx/connection.hxx", "libpqxx" },
	{ "/opt/vcpkg/installed/include/pqxx/internal/connection_base.hxx", "libpqxx" },
	{ "/srv/orders/pqxx/connection.cc", "" },
	{ "/usr/include/c++/12/bits/unique_ptr.h", "libstdc++" },
	{ "/usr/lib/llvm-14/include/c++/v1/memory", "libstdc++" },
	{ "/usr/include/x86_64-linux-gnu/qt5/QtCore/qstring.h", "system headers" },
	{ "/usr/local/include/boost/asio/post.hpp", "system headers" },
	{ "/rustc/0f2d6b4/library/core/src/ops/function.rs", "rust" },
	{ "/usr/src/rustc-1.63.0/library/std/src/rt.rs", "rust" },
	{ "/opt/rust/lib/rustlib/src/rust/library/std/src/rt.rs", "rust" },
	{ "/opt/user/.cargo/registry/src/index-1/diesel-2.1.0/src/pg/connection/mod.rs",
	  "rust crates" },
	{ "/usr/share/cargo/registry/diesel-2.0.0/src/pg/mod.rs", "rust crates" },
	{ "/srv/orders/library/src/main.rs", "" },
};

static void every_source_has_its_library(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(source_rows) / sizeof(source_rows[0]); i++)
		assert_string_equal(owner_of_source(source_rows[i][0]), source_rows[i][1]);
}

static void every_path_has_its_owner(void **state)
{
	struct arena *arena = arena_new();

	(void)state;
	assert_non_null(arena);
	assert_false(arena_begin(arena));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *library;
		enum owner owner = owner_find(arena, rows[i].language, rows[i].path,
					      rows[i].is_main, &library);

		if (owner != rows[i].owner || strcmp(library, rows[i].library) != 0)
			fail_msg("%s: %d '%s'", rows[i].path, (int)owner, library);
	}
	arena_free(arena);
}

/* p program, k package, l library; capitals are native, C is the wrapped call, S _start, w a
 * library's worker.
 * The second text marks the frames that are the user's. */
static const struct {
	const char *frames, *is_user;
} stacks[] = {
	{ "CLlpLpL", "...+.+." },
	{ "CLlkLkL", "...+.+." },
	{ "CLlkLpL", ".....+." }, /* a package is no user where the program's own code is */
	{ "CLPlpL", "....+." },   /* a plug-in of the program's own below its Python */
	{ "CPPLS", ".++.." },
	{ "CLlP", "...+" },       /* a program that embeds an interpreter */
	{ "CLlwlp", "......" },   /* who runs the loop did not ask for what its tasks do */
	{ "CLplwLP", "..+...." },
	{ "CLL", "..." },
	{ "C", "." },
	{ "", "" },
};

static void the_program_s_own_frames_are_marked(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(stacks) / sizeof(stacks[0]); i++) {
		struct owned_frame frames[8] = { { .is_native = false } };
		size_t count = strlen(stacks[i].frames);

		for (size_t j = 0; j < count; j++) {
			char kind = stacks[i].frames[j];

			frames[j].frame.function = kind == 'S' ? "_start"
						 : kind == 'w' ? "AsyncConnectionPool.worker"
							       : "f";
			frames[j].frame.language = strchr("PKLCS", kind) ? "c" : "python";
			frames[j].frame.file = kind == 'w' ? "/x/psycopg_pool/pool_async.py" : "";
			frames[j].is_native = strchr("PKLCS", kind);
			frames[j].is_call = kind == 'C';
			frames[j].owner = strchr("pPCS", kind) ? OWNER_PROGRAM
					: strchr("kK", kind)   ? OWNER_PACKAGE
							       : OWNER_LIBRARY;
		}
		user_line_mark(frames, count);
		for (size_t j = 0; j < count; j++)
			if (frames[j].frame.is_user != (stacks[i].is_user[j] == '+'))
				fail_msg("%s: frame %zu", stacks[i].frames, j);
	}
}

static struct owned_frame frame_of(const char *file, const char *library)
{
	return (struct owned_frame){
		.frame = { .language = "python", .function = "f", .file = file,
			   .library = library },
		.owner = *library ? OWNER_LIBRARY : OWNER_PROGRAM,
	};
}

/* SQLAlchemy makes its decorators of text, and `python -c` is the program. */
static void generated_code_between_frames_of_a_library_is_the_library_s(void **state)
{
	static const struct {
		const char *inner, *outer, *expected;
	} neighbours[] = {
		{ "sqlalchemy", "sqlalchemy", "sqlalchemy" },
		{ "sqlalchemy", "", "" },
		{ "", "sqlalchemy", "" },
		{ "psycopg2", "sqlalchemy", "" }, /* the program's own creator= */
		{ "python", "python", "" },       /* a thread's own function */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(neighbours) / sizeof(neighbours[0]); i++) {
		struct owned_frame frames[] = {
			frame_of("/x.py", neighbours[i].inner),
			{ .frame = { .language = "c", .file = "", .library = "python" },
			  .owner = OWNER_LIBRARY, .is_native = true },
			frame_of("<string>", ""),
			frame_of("/y.py", neighbours[i].outer),
		};
		struct owned_frame edges[] = { frame_of("<string>", ""), frame_of("<stdin>", "") };

		generated_code_mark(frames, 4);
		assert_string_equal(frames[2].frame.library, neighbours[i].expected);
		assert_int_equal(frames[2].owner,
				 *neighbours[i].expected ? OWNER_LIBRARY : OWNER_PROGRAM);
		generated_code_mark(edges, 2);
		assert_int_equal(edges[0].owner, OWNER_PROGRAM);
		assert_int_equal(edges[1].owner, OWNER_PROGRAM);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_path_has_its_owner),
		cmocka_unit_test(every_source_has_its_library),
		cmocka_unit_test(generated_code_between_frames_of_a_library_is_the_library_s),
		cmocka_unit_test(the_program_s_own_frames_are_marked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
