/* COPY in both directions, by the calls of today and by those of version 2 of the protocol. */
#include <stddef.h>
#include <string.h>

#include "every_call.h"

static void copy_out(PGconn *conn)
{
	prepare(conn, "copy (select generate_series(1, 2)) to stdout");
	for (int length = 0; length >= 0;) {
		char *row = NULL;

		length = PQgetCopyData(conn, &row, 0);
		say(conn, "PQgetCopyData", "%d %s", length, row ? row : "none");
		PQfreemem(row);
	}
	say_results(conn);
}

static void copy_in(PGconn *conn)
{
	prepare(conn, "copy copied from stdin");
	say(conn, "PQputCopyData", "%d", PQputCopyData(conn, "1\n2\n", 4));
	say(conn, "PQputCopyEnd", "%d", PQputCopyEnd(conn, NULL));
	say_results(conn);
	prepare(conn, "copy copied from stdin");
	say(conn, "PQputCopyEnd", "%d", PQputCopyEnd(conn, "enough"));
	say_results(conn);
}

static void copy_out_as_before(PGconn *conn)
{
	char line[64];

	prepare(conn, "copy copied to stdout");
	for (strcpy(line, ""); strcmp(line, "\\.") != 0;) {
		int is_cut = PQgetline(conn, line, sizeof(line));

		say(conn, "PQgetline", "%d %s", is_cut, line);
	}
	say(conn, "PQendcopy", "%d", PQendcopy(conn));
	prepare(conn, "copy copied to stdout");
	for (int length = 0; length >= 0;) {
		length = PQgetlineAsync(conn, line, sizeof(line));
		if (length == 0) {
			wait_for(PQsocket(conn), PGRES_POLLING_READING);
			PQconsumeInput(conn);
			continue;
		}
		say(conn, "PQgetlineAsync", "%d %.*s", length, length > 0 ? length : 0, line);
	}
	say(conn, "PQendcopy", "%d", PQendcopy(conn));
}

static void copy_in_as_before(PGconn *conn)
{
	prepare(conn, "copy copied from stdin");
	say(conn, "PQputline", "%d", PQputline(conn, "3\n"));
	say(conn, "PQputnbytes", "%d", PQputnbytes(conn, "4\n5", 2));
	say(conn, "PQputline", "%d", PQputline(conn, "\\.\n"));
	say(conn, "PQendcopy", "%d", PQendcopy(conn));
}

void call_copies(PGconn *conn)
{
	prepare(conn, "create temporary table copied (number integer)");
	copy_out(conn);
	copy_in(conn);
	copy_in_as_before(conn);
	copy_out_as_before(conn);
	say_result(conn, "PQexec", PQexec(conn, "select sum(number) from copied"));
}
