/* The fake libpq's queries do what the tests that use it count on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <libpq-fe.h>

static void queries_move_the_transaction(void **state)
{
	static const struct {
		const char *query;
		ExecStatusType result;
		PGTransactionStatusType transaction;
	} rows[] = {
		{ "select 1", PGRES_TUPLES_OK, PQTRANS_IDLE },
		{ "BEGIN", PGRES_COMMAND_OK, PQTRANS_INTRANS },
		{ " savepoint s", PGRES_COMMAND_OK, PQTRANS_INTRANS },
		{ "error", PGRES_FATAL_ERROR, PQTRANS_INERROR },
		{ "rollback to s", PGRES_COMMAND_OK, PQTRANS_INTRANS },
		{ "rollback", PGRES_COMMAND_OK, PQTRANS_IDLE },
		{ "error", PGRES_FATAL_ERROR, PQTRANS_IDLE },
		{ "start transaction", PGRES_COMMAND_OK, PQTRANS_INTRANS },
		{ "end", PGRES_COMMAND_OK, PQTRANS_IDLE },
	};
	PGconn *conn = PQconnectdb("");

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		PGresult *result = PQexec(conn, rows[i].query);

		assert_int_equal(PQresultStatus(result), rows[i].result);
		assert_int_equal(PQtransactionStatus(conn), rows[i].transaction);
		PQclear(result);
	}
	assert_int_equal(PQsendQuery(conn, "begin"), 1);
	assert_int_equal(PQtransactionStatus(conn), PQTRANS_ACTIVE);
	assert_int_equal(PQsendQuery(conn, "select"), 0);
	PQclear(PQgetResult(conn));
	assert_null(PQgetResult(conn));
	assert_int_equal(PQtransactionStatus(conn), PQTRANS_INTRANS);
	PQfinish(conn);
}

static void copies_and_pipelines_end_idle(void **state)
{
	PGconn *conn = PQconnectdb("");
	PGresult *result = PQexec(conn, "copy t from stdin");
	char *buffer;

	(void)state;
	assert_int_equal(PQresultStatus(result), PGRES_COPY_IN);
	PQclear(result);
	assert_int_equal(PQputCopyData(conn, "1\n", 2), 1);
	assert_int_equal(PQtransactionStatus(conn), PQTRANS_ACTIVE);
	assert_int_equal(PQputCopyEnd(conn, NULL), 1);
	PQclear(PQgetResult(conn));
	assert_null(PQgetResult(conn));
	assert_int_equal(PQtransactionStatus(conn), PQTRANS_IDLE);
	PQclear(PQexec(conn, "copy t to stdout"));
	assert_int_equal(PQgetCopyData(conn, &buffer, 0), -1);
	PQclear(PQgetResult(conn));
	assert_null(PQgetResult(conn));

	assert_int_equal(PQenterPipelineMode(conn), 1);
	assert_int_equal(PQsendQuery(conn, "begin"), 1);
	assert_int_equal(PQsendQueryParams(conn, "commit", 0, NULL, NULL, NULL, NULL, 0), 1);
	assert_int_equal(PQpipelineSync(conn), 1);
	for (int i = 0; i < 2; i++) {
		PQclear(PQgetResult(conn));
		assert_null(PQgetResult(conn));
	}
	result = PQgetResult(conn);
	assert_int_equal(PQresultStatus(result), PGRES_PIPELINE_SYNC);
	PQclear(result);
	assert_int_equal(PQexitPipelineMode(conn), 1);
	assert_int_equal(PQtransactionStatus(conn), PQTRANS_IDLE);
	PQfinish(conn);
}

static void remember_notice(void *argument, const char *message)
{
	*(bool *)argument = strstr(message, "NOTICE") != NULL;
	PQfinish(PQconnectdb("")); /* programs do such things */
}

static void a_notice_comes_before_the_result(void **state)
{
	PGconn *conn = PQconnectdb("");
	bool is_noticed = false;

	(void)state;
	PQsetNoticeProcessor(conn, remember_notice, &is_noticed);
	PQclear(PQexec(conn, "notice"));
	assert_true(is_noticed);
	PQfinish(conn);
}

/* As psycopg2 reads it. */
static void a_row_has_a_column_with_a_type(void **state)
{
	PGconn *conn = PQconnectdb("");
	PGresult *result = PQexec(conn, "select 1");

	(void)state;
	assert_int_equal(PQnfields(result), 1);
	assert_string_equal(PQfname(result, 0), "?column?");
	assert_int_equal(PQftype(result, 0), 23);
	assert_int_equal(PQgetlength(result, 0, 0), 1);
	assert_string_equal(PQcmdStatus(result), "SELECT 1");
	assert_null(PQfname(result, 1));
	PQclear(result);
	PQfinish(conn);
}

static void texts_are_quoted(void **state)
{
	char to[16];
	size_t length;
	unsigned char *bytes = PQescapeBytea((const unsigned char *)"a'", 2, &length);

	(void)state;
	assert_int_equal(PQescapeString(to, "it's", 4), 5);
	assert_string_equal(to, "it''s");
	assert_string_equal((char *)bytes, "\\x6127");
	assert_int_equal(length, 7);
	PQfreemem(bytes);
}

static const char *option_value(const PQconninfoOption *options, const char *keyword)
{
	while (options->keyword && strcmp(options->keyword, keyword) != 0)
		options++;
	return options->val;
}

static void a_connection_string_is_read_as_it_is_used(void **state)
{
	char *error = NULL;
	PQconninfoOption *options = PQconninfoParse("dbname=app port='5433'", &error);

	(void)state;
	assert_string_equal(option_value(options, "dbname"), "app");
	assert_string_equal(option_value(options, "port"), "5433");
	assert_null(option_value(options, "password"));
	PQconninfoFree(options);
	assert_null(PQconninfoParse("nonsense", &error));
	assert_non_null(error);
	free(error);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(queries_move_the_transaction),
		cmocka_unit_test(copies_and_pipelines_end_idle),
		cmocka_unit_test(a_notice_comes_before_the_result),
		cmocka_unit_test(a_row_has_a_column_with_a_type),
		cmocka_unit_test(texts_are_quoted),
		cmocka_unit_test(a_connection_string_is_read_as_it_is_used),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
