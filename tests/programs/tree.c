/* A tree of processes: the parent forgets one connection, each of three children
 * another; the first child's own child opens one and closes it. A child never touches
 * what it inherited.
 */
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static void wait_for(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid || status != 0)
		exit(1);
}

static int grandchild(void)
{
	PGconn *connection = PQconnectdb("");

	PQfinish(connection);
	return 0;
}

static PGconn *forget_in_child(void)
{
	return PQconnectdb("");
}

static int child(int index)
{
	if (forget_in_child() == NULL)
		return 1;
	if (index == 0) {
		pid_t pid = fork();

		if (pid == 0)
			exit(grandchild());
		wait_for(pid);
	}
	return 0;
}

int main(void)
{
	PGconn *own = PQconnectdb("");

	for (int index = 0; index < 3; index++) {
		pid_t pid = fork();

		if (pid == 0)
			exit(child(index));
		wait_for(pid);
	}
	return PQstatus(own) == CONNECTION_OK ? 0 : 1;
}
