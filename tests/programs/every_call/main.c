#include "every_call.h"

#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "../step_wait.h"

bool is_at_least(int major)
{
	return PQlibVersion() / 10000 >= major;
}

/* One line, whatever is in a row or a message. */
void say(const PGconn *conn, const char *call, const char *format, ...)
{
	char text[512];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	for (char *at = text; *at; at++)
		if (*at == '\n' || *at == '\t')
			*at = ' ';
	printf("%s: %s", call, text);
	if (conn)
		printf(" | transaction %d", (int)PQtransactionStatus(conn));
	putchar('\n');
	step_wait();
}

void say_result(const PGconn *conn, const char *call, PGresult *result)
{
	const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
	bool has_value = PQntuples(result) > 0 && PQnfields(result) > 0;

	if (result == NULL)
		say(conn, call, "no result");
	else
		say(conn, call, "%s, %s, %d rows, %d parameters, '%s' %s",
		    PQresStatus(PQresultStatus(result)), PQcmdStatus(result), PQntuples(result),
		    PQnparams(result), has_value ? PQgetvalue(result, 0, 0) : "",
		    sqlstate ? sqlstate : "");
	PQclear(result);
}

void say_results(PGconn *conn)
{
	for (;;) {
		PGresult *result = PQgetResult(conn);
		bool is_last = result == NULL;

		say_result(conn, "PQgetResult", result);
		if (is_last)
			return;
	}
}

void prepare(PGconn *conn, const char *query)
{
	PGresult *result = PQexec(conn, query);
	ExecStatusType status = PQresultStatus(result);

	if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK && status != PGRES_COPY_IN &&
	    status != PGRES_COPY_OUT) {
		fprintf(stderr, "%s: %s", query, PQerrorMessage(conn));
		exit(1);
	}
	say_result(conn, "PQexec", result);
}

void wait_for(int descriptor, PostgresPollingStatusType status)
{
	struct pollfd ready = {
		.fd = descriptor,
		.events = status == PGRES_POLLING_READING ? POLLIN : POLLOUT,
	};

	if (poll(&ready, 1, -1) != 1) {
		perror("poll");
		exit(1);
	}
}

static int count_sockets(void)
{
	enum { DESCRIPTORS_MAX = 256 };
	struct stat status;
	int count = 0;

	for (int fd = 0; fd < DESCRIPTORS_MAX; fd++)
		count += fstat(fd, &status) == 0 && S_ISSOCK(status.st_mode);
	return count;
}

int main(void)
{
	call_creators();

	PGconn *conn = PQconnectdb("");

	say(conn, "PQconnectdb", "%d", PQstatus(conn));
	call_queries(conn);
	call_sends(conn);
	call_readers(conn);
	call_copies(conn);
	if (is_at_least(14))
		call_pipeline(conn);
	call_large_objects(conn);
	call_cancels(conn);
	say_result(conn, "PQexec", PQexec(conn, "select pg_terminate_backend(pg_backend_pid())"));
	PQfinish(conn);
	say(NULL, "PQfinish", "done");
	say(NULL, "sockets", "%d are left", count_sockets());
	return 0;
}
