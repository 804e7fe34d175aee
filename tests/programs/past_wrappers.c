/* Reaches libpq's functions past every wrapper: reads them from libpq's own symbol table,
 * as some run-time linkers of languages do. Opens one connection synchronously, one
 * asynchronously and one that fails; forgets the second or, with `-close`, closes all.
 * `-hooked` closes all with the PQfinish that is linked; `-unseen` closes past every wrapper one
 * that was opened by the linked PQconnectdb; `-invalid` closes by the linked PQfinish one that
 * failed before any attempt.
 */
#include <dlfcn.h>
#include <libpq-fe.h>
#include <link.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const struct link_map *library;

static const void *dynamic(ElfW(Sxword) tag)
{
	for (const ElfW(Dyn) *entry = library->l_ld; entry->d_tag != DT_NULL; entry++)
		if (entry->d_tag == tag)
			return (const void *)entry->d_un.d_ptr;
	return NULL;
}

/* In what the linkers of today make, the strings come right after the symbols. */
static void *function_of(const char *name)
{
	const ElfW(Sym) *symbol = dynamic(DT_SYMTAB);
	const char *strings = dynamic(DT_STRTAB);

	for (; (const char *)symbol < strings; symbol++)
		if (strcmp(strings + symbol->st_name, name) == 0)
			return (void *)(library->l_addr + symbol->st_value);
	return NULL;
}

#define REAL(name) ((__typeof__(&name))function_of(#name))

static PGconn *open_async(void)
{
	PGconn *connection = REAL(PQconnectStart)("");
	PostgresPollingStatusType status = PGRES_POLLING_WRITING;

	while (PQstatus(connection) != CONNECTION_BAD && status != PGRES_POLLING_OK) {
		struct pollfd ready = {
			.fd = PQsocket(connection),
			.events = status == PGRES_POLLING_READING ? POLLIN : POLLOUT,
		};

		poll(&ready, 1, -1);
		status = REAL(PQconnectPoll)(connection);
	}
	return connection;
}

static PGconn *open_sync(const char *conninfo)
{
	PGconn *connection = REAL(PQconnectdb)(conninfo);

	printf("status %d\n", PQstatus(connection));
	return connection;
}

int main(int argc, char **argv)
{
	bool is_hooked = argc > 1 && strcmp(argv[1], "-hooked") == 0;
	bool is_closing = argc > 1;

	library = dlopen("libpq.so.5", RTLD_NOW);
	if (!library || !REAL(PQconnectdb))
		return 9;
	if (argc > 1 && strcmp(argv[1], "-unseen") == 0) {
		REAL(PQfinish)(PQconnectdb(""));
		return 0;
	}
	if (argc > 1 && strcmp(argv[1], "-invalid") == 0) {
		PGconn *seen = PQconnectdb("");

		PQfinish(REAL(PQconnectdb)("nonsense=1"));
		PQfinish(seen);
		return 0;
	}
	void (*finish)(PGconn *) = is_hooked ? PQfinish : REAL(PQfinish);
	PGconn *first = open_sync(""), *second = open_async();
	PGconn *failed = open_sync("dbname=nobody_has_this");
	PGresult *result = REAL(PQexec)(second, "select 1");

	printf("%s\n", PQgetvalue(result, 0, 0));
	REAL(PQclear)(result);
	REAL(PQreset)(first);
	finish(first);
	finish(failed);
	if (is_closing)
		finish(second);
	return 0;
}
