/* A handler that uses a connection interrupts connects, uses and finishes of others anywhere.
 * Says how many connections were made.
 *
 * Runs with the fake libpq, whose calls of the handler touch nothing that is shared.
 */
#include <libpq-fe.h>
#include <signal.h>
#include <stdio.h>
#include <sys/time.h>

enum { HANDLED = 5000, DEPTH = 40 };

static PGconn *connection;
static volatile sig_atomic_t handled;

static void handle(int number)
{
	(void)number;
	PQflush(connection);
	handled++;
}

/* Stacks that are new to us, and such that are not. */
static __attribute__((noinline)) void use(PGconn *other, int depth)
{
	if (depth > 0)
		use(other, depth - 1);
	else
		PQflush(other);
	__asm__ volatile("");
}

int main(void)
{
	struct sigaction action = { .sa_handler = handle, .sa_flags = SA_RESTART };
	struct itimerval often = { .it_interval.tv_usec = 100, .it_value.tv_usec = 100 };
	struct itimerval never = { .it_value.tv_usec = 0 };
	long made = 1;

	connection = PQconnectdb("");
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
	for (; handled < HANDLED; made++) {
		PGconn *other = PQconnectdb("");

		use(other, (int)(made % DEPTH));
		PQfinish(other);
	}
	setitimer(ITIMER_REAL, &never, NULL);
	PQfinish(connection);
	printf("%ld\n", made);
	return 0;
}
