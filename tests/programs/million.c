/* Opens, uses and closes connections through many different stacks, with a libpq that
 * needs no server; the last KEPT stay open.
 *
 *	million COUNT SITES USES CLOSES KEPT
 *
 * The n-th connection is opened at stack n % SITES, used at n % USES and closed at
 * n % CLOSES. Prints the most memory it had, in KiB, and waits for the end of its input.
 */
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { DEPTH = 16 }; /* 2^16 stacks of each kind */

struct errand {
	PGconn *connection;
	unsigned long path; /* left or right, a bit each */
	void (*run)(struct errand *errand);
};

static void go(struct errand *errand, int depth);

/* Not a jump, or the caller would not be on the stack. */
#define TURN(name)                                                          \
	static __attribute__((noinline)) void name(struct errand *errand, int depth) \
	{                                                                   \
		go(errand, depth);                                          \
		__asm__ volatile("");                                       \
	}
TURN(left)
TURN(right)

static __attribute__((noinline)) void go(struct errand *errand, int depth)
{
	if (depth == DEPTH)
		errand->run(errand);
	else if (errand->path >> depth & 1)
		right(errand, depth + 1);
	else
		left(errand, depth + 1);
	__asm__ volatile("");
}

static void open_one(struct errand *errand)
{
	errand->connection = PQconnectdb("host=127.0.0.1 dbname=app user=postgres");
}

static void use_one(struct errand *errand)
{
	PQclear(PQexec(errand->connection, "select 1"));
}

static void close_one(struct errand *errand)
{
	PQfinish(errand->connection);
}

static void send(struct errand *errand, unsigned long path, void (*run)(struct errand *errand))
{
	errand->path = path;
	errand->run = run;
	go(errand, 0);
}

int main(int argc, char **argv)
{
	unsigned long number[6] = { 0 };
	struct rusage usage;
	char byte;

	for (int i = 1; i < argc && i < 6; i++)
		number[i] = strtoul(argv[i], NULL, 10);
	for (unsigned long i = 0; i < number[1]; i++) {
		struct errand errand = { NULL, 0, NULL };

		send(&errand, i % number[2], open_one);
		if (PQstatus(errand.connection) != CONNECTION_OK)
			return 1;
		send(&errand, i % number[3], use_one);
		if (i + number[5] < number[1])
			send(&errand, i % number[4], close_one);
	}
	getrusage(RUSAGE_SELF, &usage);
	printf("%ld\n", usage.ru_maxrss);
	fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) > 0)
		continue;
	return 0;
}
