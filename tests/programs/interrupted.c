/* Forgets a connection, waits in the call that the first argument names until a line
 * comes on stdin (or, for those that wait for time, it has passed), and prints what the
 * call returned. The second argument says whose handler SIGUSR2 has: `none`, or the
 * program's own, set `before` or `after` the connection.
 */
#include <errno.h>
#include <libpq-fe.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/select.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t handled, children;

static void count_signal(int number)
{
	if (number == SIGCHLD)
		children++;
	else
		handled++;
}

static void set_handler(int number)
{
	struct sigaction action = { .sa_handler = count_signal, .sa_flags = SA_RESTART };

	sigaction(number, &action, NULL);
}

static int wait_in_read(void)
{
	char byte;

	return (int)read(STDIN_FILENO, &byte, 1);
}

static int wait_in_poll(void)
{
	struct pollfd item = { .fd = STDIN_FILENO, .events = POLLIN };

	return poll(&item, 1, -1);
}

static int wait_in_select(void)
{
	fd_set set;

	FD_ZERO(&set);
	FD_SET(STDIN_FILENO, &set);
	return select(STDIN_FILENO + 1, &set, NULL, NULL, NULL);
}

static int wait_in_nanosleep(void)
{
	struct timespec duration = { .tv_sec = 2 };

	return nanosleep(&duration, NULL);
}

static const struct wait {
	const char *name;
	int (*wait)(void);
} waits[] = {
	{ "read", wait_in_read },
	{ "poll", wait_in_poll },
	{ "select", wait_in_select },
	{ "nanosleep", wait_in_nanosleep },
};

int main(int argc, char **argv)
{
	if (argc != 3)
		return 2;
	set_handler(SIGCHLD);
	if (strcmp(argv[2], "before") == 0)
		set_handler(SIGUSR2);
	if (PQstatus(PQconnectdb("")) != CONNECTION_OK)
		return 1;
	if (strcmp(argv[2], "after") == 0)
		set_handler(SIGUSR2);
	puts("waiting");
	fflush(stdout);
	for (size_t index = 0; index < sizeof(waits) / sizeof(waits[0]); index++) {
		int result;

		if (strcmp(argv[1], waits[index].name) != 0)
			continue;
		errno = 0;
		result = waits[index].wait();
		printf("%s returned %d: %s\n", argv[1], result, strerror(errno));
	}
	errno = 0;
	printf("handled %d, children %d, wait %d: ", (int)handled, (int)children,
	       (int)waitpid(-1, NULL, WNOHANG));
	puts(strerror(errno));
	return 0;
}
