/* Times what several threads do at once, on a machine that others use, too: of the batches of
 * rounds that a thread does, those count in which nobody took its processor away, and during
 * which each other thread did about as much, so that all had one. What a thread waits for
 * another one's lock is in it.
 */
#ifndef BENCH_TOGETHER_H
#define BENCH_TOGETHER_H

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

enum {
	TOGETHER_THREADS_MAX = 256,
	TOGETHER_PARTS = 8,
	TOGETHER_MIN = 100, /* batches of each thread, of all together */
	TOGETHER_MAX = 1 << 16,
	TOGETHER_SECONDS = 3
};

static struct together {
	_Alignas(64) long done;
	size_t count;
	double ns[TOGETHER_MAX]; /* a round, in each batch that counts */
} *together[TOGETHER_THREADS_MAX];
static int together_threads;
static double together_until_ns;
static pthread_barrier_t together_ready;

static double now_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

/* How often the kernel gave this thread's processor to another. */
static long together_taken(void)
{
	struct rusage usage;

	getrusage(RUSAGE_THREAD, &usage);
	return usage.ru_nivcsw;
}

static void together_begin(int threads)
{
	together_threads = threads;
	together_until_ns = now_ns(CLOCK_MONOTONIC) + TOGETHER_SECONDS * 1e9;
	for (int i = 0; i < threads; i++)
		together[i] = aligned_alloc(64, sizeof(*together[i]));
	for (int i = 0; i < threads; i++)
		together[i]->done = 0, together[i]->count = 0;
}

static long together_done(int thread)
{
	return __atomic_load_n(&together[thread]->done, __ATOMIC_RELAXED);
}

static int together_is_short(void)
{
	size_t count = 0;

	for (int i = 0; i < together_threads; i++)
		count += __atomic_load_n(&together[i]->count, __ATOMIC_RELAXED);
	return count < (size_t)together_threads * TOGETHER_MIN &&
	       now_ns(CLOCK_MONOTONIC) < together_until_ns;
}

/* In a thread of together_time: `work(part, argument)` does so many rounds. More are done while
 * too few of them count, by two threads: of more than there are processors none would. */
static void together_run(int thread, long rounds, long part, void (*work)(long, void *),
			 void *argument)
{
	struct together *own = together[thread];
	long before[TOGETHER_THREADS_MAX];
	const long batch = part * TOGETHER_PARTS;

	pthread_barrier_wait(&together_ready);
	pthread_barrier_wait(&together_ready);
	for (; rounds >= batch || (together_threads == 2 && together_is_short());
	     rounds -= batch) {
		long taken = together_taken();

		for (int i = 0; i < together_threads; i++)
			before[i] = together_done(i);
		double begun_ns = now_ns(CLOCK_MONOTONIC);

		for (int i = 0; i < TOGETHER_PARTS; i++) {
			work(part, argument);
			__atomic_store_n(&own->done, own->done + part, __ATOMIC_RELAXED);
		}
		double ns = now_ns(CLOCK_MONOTONIC) - begun_ns;
		int is_together = together_taken() == taken;

		for (int i = 0; i < together_threads; i++) {
			long did = together_done(i) - before[i];

			is_together &= 2 * did >= batch && did <= 2 * batch;
		}
		if (is_together && own->count < TOGETHER_MAX) {
			own->ns[own->count] = ns / (double)batch;
			__atomic_store_n(&own->count, own->count + 1, __ATOMIC_RELAXED);
		}
	}
	/* What is no whole batch is done, and not timed. */
	if (rounds > 0)
		work(rounds, argument);
	pthread_barrier_wait(&together_ready);
}

static int together_compare(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;

	return (left > right) - (left < right);
}

/* Starts the threads, each of which prepares itself and calls together_run once, and gives the
 * nanoseconds that all of them were at it together, by the processors' clock and by the wall's.
 * False when one cannot be started. */
static int together_time(int threads, void *(*thread)(void *), double *ret_cpu_ns, double *ret_ns)
{
	pthread_t ids[TOGETHER_THREADS_MAX];

	together_begin(threads);
	pthread_barrier_init(&together_ready, NULL, (unsigned)threads + 1);
	for (int i = 0; i < threads; i++)
		if (pthread_create(&ids[i], NULL, thread, (void *)(intptr_t)i))
			return 0;
	pthread_barrier_wait(&together_ready);
	double cpu_ns = now_ns(CLOCK_PROCESS_CPUTIME_ID), ns = now_ns(CLOCK_MONOTONIC);

	pthread_barrier_wait(&together_ready);
	pthread_barrier_wait(&together_ready);
	*ret_cpu_ns = now_ns(CLOCK_PROCESS_CPUTIME_ID) - cpu_ns;
	*ret_ns = now_ns(CLOCK_MONOTONIC) - ns;
	for (int i = 0; i < threads; i++)
		pthread_join(ids[i], NULL);
	return 1;
}

/* After that: the median of a round's nanoseconds; 0 when fewer than twenty
 * batches counted. */
static double together_end(void)
{
	size_t count = 0;
	double *all, median = 0;

	for (int i = 0; i < together_threads; i++)
		count += together[i]->count;
	all = malloc((count + 1) * sizeof(*all));
	count = 0;
	for (int i = 0; i < together_threads; i++) {
		for (size_t j = 0; j < together[i]->count; j++)
			all[count++] = together[i]->ns[j];
		free(together[i]);
	}
	qsort(all, count, sizeof(*all), together_compare);
	if (count >= 20)
		median = all[count / 2];
	free(all);
	return median;
}

#endif
