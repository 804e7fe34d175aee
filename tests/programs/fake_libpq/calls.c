/* The rest of libpq: calls that use a connection, mostly from a table. */
#include "fake_libpq.h"

#include <stdlib.h>
#include <string.h>

#define RUN(name, parameters, query) \
	PGresult *name parameters \
	{ \
		CHECK(conn); \
		return fake_run(conn, query); \
	}
#define SEND(name, parameters, query) \
	int name parameters \
	{ \
		CHECK(conn); \
		return fake_submit(conn, query); \
	}
#define TEXT(name, field) \
	char *name(const PGconn *conn) \
	{ \
		CHECK(conn); \
		return conn && conn->is_valid ? (char *)conn->conninfo.field : NULL; \
	}
#define VALUE(type, name, parameters, value) \
	type name parameters \
	{ \
		CHECK(conn); \
		return value; \
	}
#define LARGE_OBJECT(type, name, parameters, value) \
	type name parameters \
	{ \
		CHECK(conn); \
		PQclear(PQfn(conn, 0, NULL, NULL, 1, NULL, 0)); \
		return value; \
	}
#include "calls.def"

/* As the real one: in steps that each go through the PLT. */
PGresult *PQexec(PGconn *conn, const char *query)
{
	PGresult *last, *result;

	CHECK(conn);
	while ((result = PQgetResult(conn)))
		PQclear(result);
	if (!PQsendQuery(conn, query))
		return NULL;
	last = PQgetResult(conn);
	while (!conn->is_copying && (result = PQgetResult(conn))) {
		PQclear(last);
		last = result;
	}
	return last;
}

static int end_copy(PGconn *conn)
{
	if (!conn || !conn->is_copying)
		return -1;
	conn->is_copying = false;
	return fake_submit(conn, "end of copy") ? 1 : -1;
}

int PQputCopyEnd(PGconn *conn, const char *error)
{
	CHECK(conn);
	return end_copy(conn);
}

int PQgetCopyData(PGconn *conn, char **buffer, int async)
{
	CHECK(conn);
	*buffer = NULL;
	return end_copy(conn) < 0 ? -2 : -1;
}

int PQgetline(PGconn *conn, char *buffer, int size)
{
	CHECK(conn);
	if (size < 3)
		return EOF;
	strcpy(buffer, "\\.");
	return 0;
}

int PQgetlineAsync(PGconn *conn, char *buffer, int size)
{
	CHECK(conn);
	return -1;
}

int PQendcopy(PGconn *conn)
{
	PGresult *result;

	CHECK(conn);
	if (end_copy(conn) < 0)
		return 1;
	while ((result = PQgetResult(conn)))
		PQclear(result);
	return 0;
}

int PQenterPipelineMode(PGconn *conn)
{
	CHECK(conn);
	if (!conn || conn->pending_count)
		return 0;
	conn->pipeline = PQ_PIPELINE_ON;
	return 1;
}

int PQexitPipelineMode(PGconn *conn)
{
	CHECK(conn);
	if (!conn || conn->pending_count)
		return 0;
	conn->pipeline = PQ_PIPELINE_OFF;
	return 1;
}

int PQsetnonblocking(PGconn *conn, int is_nonblocking)
{
	CHECK(conn);
	if (!conn)
		return -1;
	conn->is_nonblocking = is_nonblocking;
	return 0;
}

static const struct {
	const char *name, *value;
} parameters[] = {
	{ "server_version", "fake" },
	{ "client_encoding", "UTF8" },
	{ "DateStyle", "ISO, MDY" },
	{ "standard_conforming_strings", "on" },
};

const char *PQparameterStatus(const PGconn *conn, const char *name)
{
	CHECK(conn);
	if (!conn || conn->status != CONNECTION_OK)
		return NULL;
	if (strcmp(name, "application_name") == 0)
		return conn->conninfo.application_name;
	for (size_t i = 0; i < sizeof(parameters) / sizeof(*parameters); i++) {
		if (strcmp(name, parameters[i].name) == 0)
			return parameters[i].value;
	}
	return NULL;
}

const char *PQsslAttribute(PGconn *conn, const char *name)
{
	CHECK(conn);
	return NULL;
}

const char *const *PQsslAttributeNames(PGconn *conn)
{
	static const char *const none[] = { NULL };

	CHECK(conn);
	return none;
}

void PQinitOpenSSL(int do_ssl, int do_crypto)
{
}

int PQisthreadsafe(void)
{
	return 1;
}
