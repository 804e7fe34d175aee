/* ODBC: psqlODBC behind unixODBC's driver manager, without a data source in any file. */
#include <sql.h>
#include <sqlext.h>
#include <stdio.h>
#include <string.h>

#include "step_wait.h"

static void check(SQLRETURN returned, const char *what)
{
	if (SQL_SUCCEEDED(returned))
		return;
	fprintf(stderr, "%s failed\n", what);
	exit(1);
}

static SQLHDBC open_one(SQLHENV environment)
{
	SQLHDBC connection;
	SQLRETURN returned;
	char text[512];

	snprintf(text, sizeof(text), "Driver=psqlodbcw.so;Server=%s;Port=%s;Database=%s;Uid=%s",
		 getenv("PGHOST"), getenv("PGPORT"), getenv("PGDATABASE"), getenv("PGUSER"));
	check(SQLAllocHandle(SQL_HANDLE_DBC, environment, &connection), "SQLAllocHandle");
	returned = SQLDriverConnect(connection, NULL, (SQLCHAR *)text, SQL_NTS, /* leak here */
				    NULL, 0, NULL, SQL_DRIVER_NOPROMPT);
	check(returned, "SQLDriverConnect");
	step_wait();
	return connection;
}

static void ask(SQLHDBC connection)
{
	SQLHSTMT statement;
	char answer[20];

	check(SQLAllocHandle(SQL_HANDLE_STMT, connection, &statement), "SQLAllocHandle");
	check(SQLExecDirect(statement, (SQLCHAR *)"select 'it works'", SQL_NTS), "SQLExecDirect");
	check(SQLFetch(statement), "SQLFetch");
	check(SQLGetData(statement, 1, SQL_C_CHAR, answer, sizeof(answer), NULL), "SQLGetData");
	puts(answer);
	check(SQLFreeHandle(SQL_HANDLE_STMT, statement), "SQLFreeHandle");
	step_wait();
}

int main(int argc, char **argv)
{
	SQLHENV environment;
	SQLHDBC connection;

	check(SQLAllocHandle(SQL_HANDLE_ENV, SQL_NULL_HANDLE, &environment), "SQLAllocHandle");
	check(SQLSetEnvAttr(environment, SQL_ATTR_ODBC_VERSION, (SQLPOINTER)SQL_OV_ODBC3, 0),
	      "SQLSetEnvAttr");
	connection = open_one(environment);
	ask(connection);
	if (argc == 2 && strcmp(argv[1], "closes") == 0) {
		check(SQLDisconnect(connection), "SQLDisconnect");
		step_wait();
		check(SQLFreeHandle(SQL_HANDLE_DBC, connection), "SQLFreeHandle");
		check(SQLFreeHandle(SQL_HANDLE_ENV, environment), "SQLFreeHandle");
	}
	step_wait();
	puts("end");
	return 0;
}
