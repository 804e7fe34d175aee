/* Does the words of its arguments in their order, and prints what each gave and left in errno:
 * a test lays a fault between two words, or before all of them.
 *
 * Built with the real libpq (faults) and with one that needs no server (faults_fake).
 */
#include <errno.h>
#include <fcntl.h>
#include <libpq-fe.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "filter.h"
#include "shortage.h"
#include "step_wait.h"

enum { KEPT_MAX = 4096, DEPTH = 12, LAST_FD = 1024 }; /* 2^DEPTH stacks */

static PGconn *kept[KEPT_MAX];
static int kept_count;
static int other_end = -1; /* of the socket that is standard error */

static void open_one(void)
{
	PGconn *connection = PQconnectdb("");

	if (kept_count < KEPT_MAX)
		kept[kept_count++] = connection;
}

static int is_good(const PGconn *connection)
{
	return PQstatus(connection) == CONNECTION_OK;
}

static int use_last(void)
{
	PGresult *result = PQexec(kept[kept_count - 1], "select 1");
	int status = (int)PQresultStatus(result);

	PQclear(result);
	return status;
}

static int do_open(const char *unused)
{
	(void)unused;
	open_one();
	return is_good(kept[kept_count - 1]);
}

static int do_use(const char *unused)
{
	(void)unused;
	return use_last();
}

static int do_close(const char *unused)
{
	(void)unused;
	PQfinish(kept[--kept_count]);
	return kept_count;
}

/* Not a jump, or the caller would not be on the stack. */
static int go(unsigned path, int depth, int (*run)(const char *));
#define TURN(name)                                                                             \
	static __attribute__((noinline)) int name(unsigned path, int depth,                   \
						  int (*run)(const char *))                    \
	{                                                                                      \
		int result = go(path, depth, run);                                             \
                                                                                               \
		__asm__ volatile("");                                                          \
		return result;                                                                 \
	}
TURN(left)
TURN(right)

static __attribute__((noinline)) int go(unsigned path, int depth, int (*run)(const char *))
{
	int result;

	if (depth == DEPTH)
		result = run("");
	else if (path >> depth & 1)
		result = right(path, depth + 1, run);
	else
		result = left(path, depth + 1, run);
	__asm__ volatile("");
	return result;
}

/* So many through as many stacks, each used and closed. */
static int do_many(const char *count)
{
	int good = 0;

	for (unsigned i = 0; i < (unsigned)atoi(count); i++) {
		good += go(i, 0, do_open);
		go(i, 0, do_use);
		go(i, 0, do_close);
	}
	return good;
}

/* The number that the next file gets: nobody else keeps or loses one. */
static int do_spare(const char *unused)
{
	int fd = dup(kept_count ? PQsocket(kept[kept_count - 1]) : STDOUT_FILENO);

	(void)unused;
	if (fd >= 0)
		close(fd);
	return fd;
}

static int do_shut(const char *fd)
{
	return close(atoi(fd));
}

static int do_closefrom(const char *first)
{
	for (int fd = atoi(first); fd < LAST_FD; fd++)
		close(fd);
	errno = 0;
	return 0;
}

static int do_chroot(const char *path)
{
	return chroot(path) || chdir("/");
}

/* Root's rights are given up for good, as a daemon does. */
static int do_setuid(const char *number)
{
	return setgid((gid_t)atoi(number)) || setuid((uid_t)atoi(number));
}

static int do_forbid(const char *name)
{
	return forbid(name, SECCOMP_RET_ERRNO | EPERM);
}

static int do_missing(const char *name)
{
	return forbid(name, SECCOMP_RET_ERRNO | ENOSYS);
}

static int do_forbid_deadly(const char *name)
{
	return forbid(name, SECCOMP_RET_KILL_PROCESS);
}

/* What comes to it is for the other end, and nothing that is not the program's may. */
static int do_socket(const char *number)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends))
		return -1;
	other_end = dup2(ends[0], LAST_FD - 100);
	close(ends[0]);
	if (ends[1] != atoi(number)) {
		dup2(ends[1], atoi(number));
		close(ends[1]);
	}
	return 0;
}

/* How many bytes came; also at the end, when all have spoken. */
static int do_heard(const char *unused)
{
	char bytes[4096];

	(void)unused;
	return (int)recv(other_end, bytes, sizeof(bytes), MSG_DONTWAIT);
}

/* Its number; it stays open. */
static int do_file(const char *path)
{
	return open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
}

static int do_fork(const char *unused)
{
	int status = 0;

	(void)unused;
	fflush(stdout);
	if (fork() == 0)
		return 0;
	wait(&status);
	exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

static int do_step(const char *unused)
{
	(void)unused;
	fflush(stdout);
	step_wait();
	return 0;
}

static int do_kill(const char *number)
{
	fflush(stdout);
	return raise(atoi(number));
}

static int do_exit(const char *status)
{
	exit(atoi(status));
}

static const struct {
	const char *name;
	int (*run)(const char *argument);
	int has_argument;
} words[] = {
	{ "address_space", do_address_space, 1 },
	{ "chroot", do_chroot, 1 },
	{ "close", do_close, 0 },
	{ "closefrom", do_closefrom, 1 },
	{ "deadly", do_forbid_deadly, 1 },
	{ "descriptors", do_descriptors, 1 },
	{ "exit", do_exit, 1 },
	{ "file", do_file, 1 },
	{ "forbid", do_forbid, 1 },
	{ "fork", do_fork, 0 },
	{ "heard", do_heard, 0 },
	{ "kill", do_kill, 1 },
	{ "many", do_many, 1 },
	{ "map", do_map, 1 },
	{ "missing", do_missing, 1 },
	{ "open", do_open, 0 },
	{ "processes", do_processes, 1 },
	{ "setuid", do_setuid, 1 },
	{ "shut", do_shut, 1 },
	{ "socket", do_socket, 1 },
	{ "spare", do_spare, 0 },
	{ "step", do_step, 0 },
	{ "use", do_use, 0 },
};

static int run_word(char **at)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(words[i].name, at[0]) != 0)
			continue;
		errno = 0;
		int result = words[i].run(at[1]);

		printf("%s %d, errno %d\n", at[0], result, errno);
		return 1 + words[i].has_argument;
	}
	fprintf(stderr, "faults: no word '%s'\n", at[0]);
	exit(2);
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc;)
		i += run_word(argv + i);
	return 0;
}
