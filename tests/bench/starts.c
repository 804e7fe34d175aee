/* Runs a program again and again, with one and with another library preloaded, in turn, and
 * with posix_spawn, because a fork of a large process would drown what is measured. Prints of
 * both the median microseconds from start to end, then those of processor time.
 *
 *	starts ROUNDS LIBRARY LIBRARY PROGRAM
 */
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

enum { LIBRARIES = 2, ROUNDS_MAX = 100000 };

static double elapsed_us[LIBRARIES][ROUNDS_MAX], cpu_us[LIBRARIES][ROUNDS_MAX];

static double now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static double us_of(struct timeval time)
{
	return (double)time.tv_sec * 1e6 + (double)time.tv_usec;
}

static void start(char *program, char *library, double *ret_elapsed_us, double *ret_cpu_us)
{
	char log[] = "PQLEAK_LOG=/dev/null";
	char *arguments[] = {program, NULL}, *environment[] = {library, log, NULL};
	double begun_us = now_us();
	struct rusage usage;
	int status;
	pid_t pid;
	int error = posix_spawn(&pid, program, NULL, NULL, arguments, environment);

	if (error || wait4(pid, &status, 0, &usage) != pid || status) {
		fprintf(stderr, "cannot run '%s': %s\n", program,
			error ? strerror(error) : "it failed");
		exit(1);
	}
	*ret_elapsed_us = now_us() - begun_us;
	*ret_cpu_us = us_of(usage.ru_utime) + us_of(usage.ru_stime);
}

static int is_more(const void *one, const void *other)
{
	double difference = *(const double *)one - *(const double *)other;

	return (difference > 0) - (difference < 0);
}

static double median(double *values, size_t count)
{
	qsort(values, count, sizeof(*values), is_more);
	return values[count / 2];
}

int main(int argc, char **argv)
{
	char preloads[LIBRARIES][4096];
	size_t rounds;

	if (argc != 5 || (rounds = strtoul(argv[1], NULL, 10)) < 1 || rounds > ROUNDS_MAX)
		return 2;
	for (int i = 0; i < LIBRARIES; i++)
		snprintf(preloads[i], sizeof(preloads[i]), "LD_PRELOAD=%s", argv[2 + i]);
	for (size_t round = 0; round < rounds; round++)
		for (int i = 0; i < LIBRARIES; i++)
			start(argv[4], preloads[i], &elapsed_us[i][round], &cpu_us[i][round]);
	printf("%.2f %.2f %.2f %.2f\n", median(elapsed_us[0], rounds),
	       median(elapsed_us[1], rounds), median(cpu_us[0], rounds),
	       median(cpu_us[1], rounds));
	return 0;
}
