/* A forked child finishes its parent's connection, which dies with it. */
#include <libpq-fe.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
	PGconn *connection = PQconnectdb("");
	pid_t pid = fork();

	if (pid == 0) {
		PQfinish(connection);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
	PQfinish(connection);
	return 0;
}
