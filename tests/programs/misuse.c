/* Calls that break libpq's rules, each with a near twin that keeps them. */
#include <dlfcn.h>
#include <libpq-events.h>
#include <stdint.h>

#include "misuse.h"

static void close_first(PGconn *connection)
{
	PQfinish(connection);
}

static void close_again(PGconn *connection)
{
	PQfinish(connection);
}

static void double_finish(void)
{
	PGconn *connection = open_one();

	close_first(connection);
	close_again(connection);
}

/* NULL may be finished as often as one likes. */
static void finish_and_null(void)
{
	PGconn *connection = open_one();

	close_first(connection);
	connection = NULL;
	close_again(connection);
	close_again(connection);
}

static void use_after_finish(void)
{
	PGconn *connection = open_one();

	close_first(connection);
	use(connection);
}

static void poll_after_finish(void)
{
	PGconn *connection = open_one();

	close_first(connection);
	PQconnectPoll(connection);
}

static void use_before_finish(void)
{
	PGconn *connection = open_one();

	use(connection);
	close_first(connection);
}

/* The fake libpq gives an address again at once. */
static PGconn *open_at(const PGconn *address)
{
	PGconn *connection = open_one();

	if (connection != address) {
		fprintf(stderr, "no connection came back to its address\n");
		exit(3);
	}
	return connection;
}

static void address_reused(void)
{
	PGconn *first = open_one();

	close_first(first);
	PGconn *second = open_at(first);

	use(second);
	close_first(second);
}

/* A kept pointer ends another connection, whose owner then finishes it again. */
static void stale_pointer(void)
{
	PGconn *first = open_one();

	close_first(first);
	PGconn *second = open_at(first);

	close_again(first);
	PQfinish(second);
}

/* PQfinish itself says that it ends: who hears that may still call. */
static int heard(PGEventId id, void *info, void *data)
{
	(void)data;
	if (id == PGEVT_CONNDESTROY)
		PQisBusy(((PGEventConnDestroy *)info)->conn);
	return 1;
}

static void call_while_it_ends(void)
{
	PGconn *connection = open_one();

	PQregisterEventProc(connection, heard, "heard", NULL);
	PQfinish(connection);
}

/* libpq 17's PGcancelConn is a PGconn inside, here where a finished one was, and is given
 * back by PQcancelFinish, which jumps to PQfinish. */
static void cancel_at_its_address(void)
{
	void *(*create)(PGconn *) = (void *(*)(PGconn *))dlsym(RTLD_DEFAULT, "PQcancelCreate");
	void (*finish)(void *) = (void (*)(void *))dlsym(RTLD_DEFAULT, "PQcancelFinish");
	PGconn *first = open_one(), *second = open_one();

	PQfinish(second);
	void *cancel = create(first);

	if (cancel != (void *)second)
		exit(3);
	finish(cancel);
	PQfinish(first);
}

struct wrapper {
	PGconn *connection;
	int number;
	char name[200];
};

static void finish_wrapper(void)
{
	struct wrapper *wrapper = calloc(1, sizeof(*wrapper));

	wrapper->connection = open_one();
	wrapper->number = 5;
	strcpy(wrapper->name, "not a connection");
	fflush(stdout);
	PQfinish((PGconn *)wrapper);
}

static void finish_connection_of_wrapper(void)
{
	struct wrapper wrapper = { .connection = open_one(), .number = 5 };

	PQfinish(wrapper.connection);
}

static void finish_nowhere(void)
{
	PQfinish((PGconn *)(uintptr_t)0x5150);
}

static const struct misuse_case cases[] = {
	CASE(double_finish),
	CASE(finish_and_null),
	CASE(use_after_finish),
	CASE(poll_after_finish),
	CASE(use_before_finish),
	CASE(stale_pointer),
	CASE(address_reused),
	CASE(call_while_it_ends),
	CASE(cancel_at_its_address),
	CASE(finish_wrapper),
	CASE(finish_connection_of_wrapper),
	CASE(finish_nowhere),
};

int main(int argc, char **argv)
{
	return run_case(cases, sizeof(cases) / sizeof(cases[0]), argc, argv);
}
