/* The first connection of a process, opened and closed: prints the nanoseconds of processor
 * time, and of time, that it took.
 */
#include <libpq-fe.h>
#include <stdio.h>
#include <time.h>

static double now_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

int main(void)
{
	double cpu_ns = now_ns(CLOCK_PROCESS_CPUTIME_ID), ns = now_ns(CLOCK_MONOTONIC);

	PQfinish(PQconnectdb(""));
	printf("%.0f %.0f\n", now_ns(CLOCK_PROCESS_CPUTIME_ID) - cpu_ns,
	       now_ns(CLOCK_MONOTONIC) - ns);
	return 0;
}
