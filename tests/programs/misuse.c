/* Calls that break libpq's rules, each with a near twin that keeps them. The first argument
 * says which; a number after it, how often.
 */
#include <libpq-fe.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static PGconn *open_one(void)
{
	PGconn *connection = PQconnectdb("");

	if (PQstatus(connection) != CONNECTION_OK) {
		fprintf(stderr, "%s", PQerrorMessage(connection));
		exit(1);
	}
	return connection;
}

static void use(PGconn *connection)
{
	PQclear(PQexec(connection, "select 1"));
}

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

static void use_before_finish(void)
{
	PGconn *connection = open_one();

	use(connection);
	close_first(connection);
}

/* The allocator gives the address again, to a connection that is well used. */
static PGconn *open_at(const PGconn *address)
{
	PGconn *kept[64];
	PGconn *found = NULL;
	int count = 0;

	while (!found && count < 64) {
		kept[count] = open_one();
		if (kept[count] == address)
			found = kept[count];
		else
			count++;
	}
	while (count)
		PQfinish(kept[--count]);
	if (!found) {
		fprintf(stderr, "no connection comes back to its address\n");
		exit(3);
	}
	return found;
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

/* A child that is handed a connection: its parent does not touch it any more. */
static void handed_over(void)
{
	PGconn *connection = open_one();
	pid_t pid = fork();

	if (pid == 0) {
		use(connection);
		PQfinish(connection);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
}

static void child_uses(PGconn *connection)
{
	use(connection);
}

static void in_child(PGconn *connection)
{
	pid_t pid = fork();

	if (pid == 0) {
		child_uses(connection);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
}

static void used_by_both(void)
{
	PGconn *connection = open_one();

	use(connection);
	in_child(connection);
	use(connection);
	PQfinish(connection);
}

static void used_by_children(void)
{
	PGconn *connection = open_one();

	in_child(connection);
	in_child(connection);
}

static void finished_by_parent(void)
{
	PGconn *connection = open_one();

	in_child(connection);
	PQfinish(connection);
}

/* Who inherits and does nothing with it breaks nothing. */
static void inherited_only(void)
{
	PGconn *connection = open_one();
	pid_t pid = fork();

	if (pid == 0) {
		PGconn *own = open_one();

		use(own);
		PQfinish(own);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
	use(connection);
	PQfinish(connection);
}

static void inherited_by_exec(void)
{
	PGconn *connection = open_one();
	pid_t pid = fork();

	if (pid == 0) {
		execl("/bin/true", "true", (char *)NULL);
		_exit(1);
	}
	waitpid(pid, NULL, 0);
	use(connection);
	PQfinish(connection);
}

/* A parent that ends at once, as daemon() does: the child goes on with what it has. */
static void daemonized(void)
{
	int ends[2];
	char byte;
	PGconn *connection = open_one();
	pid_t pid = pipe(ends) ? -1 : fork();

	if (pid == 0) {
		close(ends[1]);
		/* Until the parent is gone. */
		while (read(ends[0], &byte, 1) > 0)
			;
		use(connection);
		PQfinish(connection);
		_exit(0);
	}
	_exit(0);
}

static void reset_by_child(void)
{
	PGconn *connection = open_one();
	pid_t pid = fork();

	if (pid == 0) {
		PQreset(connection);
		use(connection);
		PQfinish(connection);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
	use(connection);
	PQfinish(connection);
}

#define CASE(name) { #name, name }

static const struct {
	const char *name;
	void (*run)(void);
} cases[] = {
	CASE(double_finish),	CASE(finish_and_null),
	CASE(use_after_finish), CASE(use_before_finish),
	CASE(stale_pointer),	CASE(address_reused),
	CASE(finish_wrapper),	CASE(finish_connection_of_wrapper),
	CASE(finish_nowhere),	CASE(handed_over),
	CASE(used_by_both),	CASE(used_by_children),
	CASE(finished_by_parent), CASE(inherited_only),
	CASE(inherited_by_exec), CASE(daemonized),
	CASE(reset_by_child),
};

int main(int argc, char **argv)
{
	int times = argc > 2 ? atoi(argv[2]) : 1;

	for (size_t i = 0; argc > 1 && i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (strcmp(argv[1], cases[i].name))
			continue;
		while (times--)
			cases[i].run();
		puts("done");
		return 0;
	}
	return 2;
}
