/* Does what it is told, a word a line, and answers each with a line: so that a test decides
 * what the process holds, and when.
 *
 *	open     connects, by PQconnectdb          poll     by PQconnectStart and PQconnectPoll
 *	begin    a transaction on the newest       commit   ends it
 *	close    finishes the newest               retry    100 connects that are finished
 *	fork     goes on in a child; the parent waits for it, and answers nothing more
 *	reaper   becomes the parent of orphans
 *	wait     what wait() says                  bare     closes all descriptors from 2 on
 */
#include <errno.h>
#include <libpq-fe.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { HELD_MAX = 64, RETRIES = 100, DESCRIPTORS_MAX = 1024 };

static PGconn *held[HELD_MAX];
static int count;

static PGconn *connect_at_once(void)
{
	return PQconnectdb("");
}

static PGconn *connect_in_steps(void)
{
	PGconn *conn = PQconnectStart("");
	PostgresPollingStatusType status = PGRES_POLLING_WRITING;

	while (status != PGRES_POLLING_OK && status != PGRES_POLLING_FAILED) {
		struct pollfd event = { .fd = PQsocket(conn), .events = status ==
					PGRES_POLLING_READING ? POLLIN : POLLOUT };

		poll(&event, 1, -1);
		status = PQconnectPoll(conn);
	}
	return conn;
}

static void hold(PGconn *conn)
{
	if (PQstatus(conn) == CONNECTION_OK) {
		held[count++] = conn;
		printf("backend %d\n", PQbackendPID(conn));
		return;
	}
	printf("refused\n");
	PQfinish(conn);
}

static void retry(void)
{
	int refused = 0;

	for (int i = 0; i < RETRIES; i++) {
		PGconn *conn = connect_at_once();

		refused += PQstatus(conn) != CONNECTION_OK;
		PQfinish(conn);
	}
	printf("refused %d\n", refused);
}

static void begin(void)
{
	PQclear(PQexec(held[count - 1], "begin"));
	puts("begun");
}

static void commit(void)
{
	PQclear(PQexec(held[count - 1], "commit"));
	puts("committed");
}

static void finish(void)
{
	PQfinish(held[--count]);
	puts("closed");
}

static void go_on_in_child(void)
{
	pid_t pid = fork();
	int status = 0;

	if (pid > 0) {
		waitpid(pid, &status, 0);
		exit(WEXITSTATUS(status));
	}
	count = 0;
	printf("pid %d\n", getpid());
}

static void take_orphans(void)
{
	printf("reaper %d\n", prctl(PR_SET_CHILD_SUBREAPER, 1));
}

static void wait_for_any(void)
{
	int status, result = wait(&status);

	printf("wait %d: %s\n", result, strerror(errno));
}

static void close_descriptors(void)
{
	for (int fd = STDERR_FILENO; fd < DESCRIPTORS_MAX; fd++)
		close(fd);
	puts("bare");
}

static const struct {
	const char *word;
	void (*action)(void);
} actions[] = {
	{ "begin", begin },   { "commit", commit },       { "close", finish },
	{ "retry", retry },   { "fork", go_on_in_child }, { "wait", wait_for_any },
	{ "bare", close_descriptors }, { "reaper", take_orphans },
};

int main(void)
{
	char word[16];

	setvbuf(stdout, NULL, _IOLBF, 0);
	while (scanf("%15s", word) == 1) {
		if (!strcmp(word, "open"))
			hold(connect_at_once());
		if (!strcmp(word, "poll"))
			hold(connect_in_steps());
		for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
			if (!strcmp(word, actions[i].word))
				actions[i].action();
		}
	}
	return 0;
}
