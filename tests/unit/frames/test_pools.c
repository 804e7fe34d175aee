/* Which frames are a pool's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "frames/pools.h"

struct row {
	enum ledger_language language;
	const char *file;
	const char *function;
	const char *library; /* NULL: no pool's */
};

static const struct row rows[] = {
	{ LEDGER_PYTHON, "/usr/lib/python3/dist-packages/sqlalchemy/pool/base.py",
	  "_create_connection", "sqlalchemy" },
	{ LEDGER_PYTHON, "/v/sqlalchemy/pool/base.py", "Pool._create_connection", "sqlalchemy" },
	{ LEDGER_PYTHON, "/v/psycopg2/pool.py", "AbstractConnectionPool._connect",
	  "psycopg2.pool" },
	{ LEDGER_PYTHON, "/v/psycopg_pool/pool.py", "ConnectionPool._connect", "psycopg_pool" },
	{ LEDGER_PYTHON, "/v/psycopg_pool/pool_async.py", "AsyncConnectionPool._connect",
	  "psycopg_pool" },
	{ LEDGER_RUBY, "/v/psycopg2/pool.py", "_connect", NULL },
	{ LEDGER_PYTHON, "/v/psycopg2/pool.pyc", "_connect", NULL },
	{ LEDGER_PYTHON, "/v/notpsycopg2/pool.py", "_connect", NULL },
	{ LEDGER_PYTHON, "/v/psycopg2/pool.py", "connect", NULL },
	{ LEDGER_PYTHON, "/v/psycopg2/pool.py", "_connect.inner", NULL },
	{ LEDGER_PYTHON, "", "", NULL },
};

static void each_row_has_its_library(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const char *library = pool_library(rows[i].language, rows[i].file,
						   rows[i].function);

		if (rows[i].library == NULL)
			assert_null(library);
		else
			assert_string_equal(rows[i].library, library);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(each_row_has_its_library) };

	return cmocka_run_group_tests_name("pools", tests, NULL, NULL);
}
