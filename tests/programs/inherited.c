/* What children do with a connection of their parent, and what their parent does with it. */
#include <sys/wait.h>
#include <unistd.h>

#include "misuse.h"

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

/* At two places. */
static void used_often_by_child(void)
{
	PGconn *connection = open_one();
	pid_t pid = fork();

	if (pid == 0) {
		for (int i = 0; i < 3; i++)
			child_uses(connection);
		use(connection);
		use(connection);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
	use(connection);
	PQfinish(connection);
}

static void used_by_children(void)
{
	PGconn *connection = open_one();

	in_child(connection);
	in_child(connection);
}

/* The child is gone when its parent finishes it. */
static void lent_to_child(void)
{
	PGconn *connection = open_one();

	in_child(connection);
	PQfinish(connection);
}

/* Each tells the other that it is done by closing its end. */
static void wait_for(const int ends[2])
{
	char byte;

	close(ends[1]);
	while (read(ends[0], &byte, 1) > 0)
		;
	close(ends[0]);
}

static void finished_by_parent(void)
{
	int used[2], finished[2];
	PGconn *connection = open_one();
	pid_t pid = pipe(used) || pipe(finished) ? -1 : fork();

	if (pid == 0) {
		child_uses(connection);
		close(used[0]);
		close(used[1]);
		wait_for(finished);
		_exit(0);
	}
	wait_for(used);
	PQfinish(connection);
	close(finished[0]);
	close(finished[1]);
	waitpid(pid, NULL, 0);
}

/* Both are there when the second has used it. */
static void used_by_workers(void)
{
	int used[2], done[2];
	PGconn *connection = open_one();
	pid_t first = pipe(used) || pipe(done) ? -1 : fork();

	if (first == 0) {
		child_uses(connection);
		close(used[0]);
		close(used[1]);
		wait_for(done);
		_exit(0);
	}
	wait_for(used);
	in_child(connection);
	close(done[0]);
	close(done[1]);
	waitpid(first, NULL, 0);
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
	PGconn *connection = open_one();
	pid_t pid = pipe(ends) ? -1 : fork();

	if (pid == 0) {
		wait_for(ends); /* until it is gone */
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

static const struct misuse_case cases[] = {
	CASE(handed_over),
	CASE(used_by_both),
	CASE(used_often_by_child),
	CASE(used_by_children),
	CASE(used_by_workers),
	CASE(finished_by_parent),
	CASE(lent_to_child),
	CASE(inherited_only),
	CASE(inherited_by_exec),
	CASE(daemonized),
	CASE(reset_by_child),
};

int main(int argc, char **argv)
{
	return run_case(cases, sizeof(cases) / sizeof(cases[0]), argc, argv);
}
