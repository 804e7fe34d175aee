/* Closes the socket of a connection past libpq, in the way that the first argument names, or
 * does what only looks so; stops for a look, then ends as the second says.
 *
 * Server and user come from PGHOST, PGPORT, PGUSER and PGDATABASE.
 */
#include <fcntl.h>
#include <libpq-fe.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/wait.h>

#include "step_wait.h"

static PGconn *connection;

static void say(const char *command)
{
	PQclear(PQexec(connection, command));
}

static void do_close(void)
{
	close(PQsocket(connection));
}

static void do_finish(void)
{
	PQfinish(connection);
}

static void do_nothing(void)
{
}

static void do_close_in_transaction(void)
{
	say("begin");
	do_close();
}

static void do_close_all(void)
{
	for (int fd = 3; fd < 64; fd++)
		close(fd);
}

/* The number is another's then: a file's, or the next connection's. */
static void do_file(void)
{
	int before = PQsocket(connection);

	do_close();
	printf("%s\n", open("/dev/null", O_RDONLY) == before ? "reused" : "another number");
}

static void do_connection(void)
{
	PGconn *forgotten = connection;

	do_close();
	connection = PQconnectdb("");
	printf("%s\n", PQsocket(connection) == PQsocket(forgotten) ? "reused" : "another number");
}

static void do_reset(void)
{
	PQreset(connection);
	printf("status %d\n", PQstatus(connection));
}

static void do_reset_slowly(void)
{
	PostgresPollingStatusType status = PGRES_POLLING_WRITING;

	PQresetStart(connection);
	while (status != PGRES_POLLING_OK && status != PGRES_POLLING_FAILED) {
		struct pollfd ready = {
			.fd = PQsocket(connection),
			.events = status == PGRES_POLLING_READING ? POLLIN : POLLOUT,
		};

		poll(&ready, 1, -1);
		status = PQresetPoll(connection);
	}
	printf("status %d\n", PQstatus(connection));
}

static void do_reset_half(void)
{
	PQresetStart(connection);
}

static void do_reset_later(void)
{
	step_wait();
	do_reset();
}

static void do_reset_closed(void)
{
	do_close();
	do_reset();
}

/* A trick with numbers that ends where it began. */
static void do_restore(void)
{
	int socket = PQsocket(connection), copy = dup(socket);

	close(socket);
	dup2(copy, socket);
	close(copy);
	say("select 1");
}

/* With a look in between. */
static void do_close_and_restore(void)
{
	int socket = PQsocket(connection), copy = dup(socket);

	close(socket);
	step_wait();
	dup2(copy, socket);
	close(copy);
}

static void do_close_and_use(void)
{
	do_close_and_restore();
	say("select 1");
}

static void do_child(void)
{
	pid_t child = fork();

	if (child == 0) {
		do_close();
		_exit(0);
	}
	waitpid(child, NULL, 0);
	say("select 1");
}

static void do_lose(void)
{
	say("select pg_terminate_backend(pg_backend_pid())");
	printf("status %d\n", PQstatus(connection));
}

/* While the server lets nobody in. */
static void do_lose_reset(void)
{
	PGconn *other = PQconnectdb("dbname=postgres");
	char command[128];

	snprintf(command, sizeof(command), "alter database %s allow_connections false",
		 PQdb(connection));
	PQclear(PQexec(other, command));
	do_reset();
	strcpy(strstr(command, "false"), "true");
	PQclear(PQexec(other, command));
	PQfinish(other);
}

static const struct way {
	const char *name;
	void (*go)(void);
} ways[] = {
	{ "close", do_close },
	{ "finish", do_finish },
	{ "nothing", do_nothing },
	{ "close_in_transaction", do_close_in_transaction },
	{ "close_all", do_close_all },
	{ "file", do_file },
	{ "connection", do_connection },
	{ "reset", do_reset },
	{ "reset_slowly", do_reset_slowly },
	{ "reset_half", do_reset_half },
	{ "reset_later", do_reset_later },
	{ "reset_closed", do_reset_closed },
	{ "restore", do_restore },
	{ "close_and_restore", do_close_and_restore },
	{ "close_and_use", do_close_and_use },
	{ "child", do_child },
	{ "lose", do_lose },
	{ "lose_reset", do_lose_reset },
};

static const struct way *way_find(const char *name)
{
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		if (strcmp(ways[i].name, name) == 0)
			return &ways[i];
	return NULL;
}

static int end(const char *how)
{
	fflush(stdout);
	if (strcmp(how, "_exit") == 0)
		_exit(3);
	if (strcmp(how, "exec") == 0)
		execl("/bin/true", "true", (char *)NULL);
	if (strcmp(how, "wait") == 0)
		pause();
	return 0;
}

int main(int argc, char **argv)
{
	const struct way *way = argc == 3 ? way_find(argv[1]) : NULL;

	if (!way) {
		fprintf(stderr, "usage: closed_unseen WAY exit|_exit|exec|wait\n");
		return 2;
	}
	connection = PQconnectdb("");
	if (PQstatus(connection) != CONNECTION_OK)
		return 9;
	way->go();
	step_wait();
	return end(argv[2]);
}
