/* Opens and closes connections, by one thread or several: prints the nanoseconds of processor
 * time that one open and close takes, which others on the machine disturb least, and of time.
 *
 *	opens THREADS ROUNDS DEPTH [KEPT]
 *
 * Each thread does it DEPTH native frames deep; its connections have one descriptor in turn, since
 * making one takes longer than all else. KEPT connections more are open all the while,
 * without a socket, since they may be more than there are descriptors; what they take of
 * memory, in bytes each, is printed after the two times, and the microseconds of processor time
 * that the longest of their opens took, after the first thousand. Last comes the time while all
 * threads had a processor (together.h).
 */
#include <libpq-fe.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include "together.h"

enum { WARM = 1000, FRAMES_BELOW = 6, PART = 8 };

static int threads, depth;
static long rounds, kept;
static const char *conninfo = "fake_socket=one";

static PGconn *connect_one(const char *how)
{
	PGconn *connection = PQconnectdb(how);

	if (PQstatus(connection) != CONNECTION_OK) {
		fputs(PQerrorMessage(connection), stderr);
		exit(1);
	}
	return connection;
}

static void open_and_close(long count)
{
	for (long i = 0; i < count; i++)
		PQfinish(connect_one(conninfo));
}

static void part(long count, void *unused)
{
	(void)unused;
	open_and_close(count);
}

static void measure(int thread)
{
	open_and_close(WARM);
	together_run(thread, rounds, PART, part, NULL);
}

/* Not a jump, or the caller would not be on the stack. */
static __attribute__((noinline)) void descend(int left, int thread)
{
	if (left)
		descend(left - 1, thread);
	else
		measure(thread);
	__asm__ volatile("");
}

/* Below it, of the wrapped call's frames, are connect_one, open_and_close, part, together_run,
 * measure, this one, and what starts a thread. */
static void *work(void *thread)
{
	descend(depth > FRAMES_BELOW ? depth - FRAMES_BELOW : 0, (int)(intptr_t)thread);
	return NULL;
}

static long resident_kib(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_maxrss;
}

static double keep(double *ret_longest_ns)
{
	long before = resident_kib();
	double longest_ns = 0;

	for (long i = 0; i < kept; i++) {
		double begun_ns = now_ns(CLOCK_THREAD_CPUTIME_ID);

		connect_one("fake_socket=0");
		double ns = now_ns(CLOCK_THREAD_CPUTIME_ID) - begun_ns;

		if (i >= WARM && ns > longest_ns)
			longest_ns = ns;
	}
	*ret_longest_ns = longest_ns;
	return kept ? (double)(resident_kib() - before) * 1024 / (double)kept : 0;
}

int main(int argc, char **argv)
{
	double cpu_ns, ns, kept_bytes, longest_ns;

	if (argc < 4 || (threads = atoi(argv[1])) < 1 || threads > TOGETHER_THREADS_MAX)
		return 2;
	rounds = atol(argv[2]);
	depth = atoi(argv[3]);
	kept = argc > 4 ? atol(argv[4]) : 0;
	if (kept)
		conninfo = "fake_socket=0";
	kept_bytes = keep(&longest_ns);
	if (!together_time(threads, work, &cpu_ns, &ns))
		return 1;
	printf("%.2f %.2f %.1f %.2f %.2f\n", cpu_ns / (double)rounds / threads,
	       ns / (double)rounds / threads, kept_bytes, longest_ns / 1000, together_end());
	return 0;
}
