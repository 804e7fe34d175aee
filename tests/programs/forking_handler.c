/* A handler that forks, as crash reporters and servers do, interrupts connects, uses and
 * finishes anywhere. The child ends at once. Says how often it forked.
 */
#include <libpq-fe.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile sig_atomic_t forked;

static void handle(int number)
{
	pid_t pid = fork();

	(void)number;
	if (pid == 0)
		_exit(0);
	if (pid > 0) {
		waitpid(pid, NULL, 0);
		forked++;
	}
}

int main(void)
{
	struct sigaction action = { .sa_handler = handle, .sa_flags = SA_RESTART };
	struct itimerval often = { .it_interval.tv_usec = 700, .it_value.tv_usec = 700 };
	struct itimerval never;

	memset(&never, 0, sizeof(never));
	sigaction(SIGALRM, &action, NULL);
	PGconn *connection = PQconnectdb("");

	setitimer(ITIMER_REAL, &often, NULL);
	while (forked < 500)
		PQtransactionStatus(connection), PQsetClientEncoding(connection, "UTF8");
	setitimer(ITIMER_REAL, &never, NULL);
	PQfinish(connection);
	puts("done");
	return 0;
}
