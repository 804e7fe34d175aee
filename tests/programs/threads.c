/* Eight threads open, use, begin and finish connections, while others fork, are
 * cancelled inside of a connect, and load and unload a plug-in that connects too.
 *
 *	threads PLUGIN ROUNDS
 *
 * Runs with the fake libpq. At the end it prints what it has done itself; an alarm ends it
 * should it hang.
 */
#include <dlfcn.h>
#include <libpq-fe.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { THREADS = 8, WATCHDOG_SECONDS = 60, KEPT_EVERY = 50, FAILED_EVERY = 25 };

static atomic_ulong opened, finished, failed, begun, cancelled, forks;
static int rounds;
static const char *plugin_path;
static pthread_barrier_t start;
/* A child that is forked in the middle of a dlopen cannot dlopen: glibc asserts. */
static pthread_mutex_t loading = PTHREAD_MUTEX_INITIALIZER;

static void must(int is_true, const char *what)
{
	if (is_true)
		return;
	fprintf(stderr, "threads: %s\n", what);
	abort();
}

static PGconn *open_one(const char *conninfo)
{
	PGconn *connection = PQconnectdb(conninfo);

	must(connection != NULL, "no connection");
	opened++;
	return connection;
}

static void finish_one(PGconn *connection)
{
	PQfinish(connection);
	finished++;
}

/* Deep enough for the unwinder to take its time, different at each round. */
static __attribute__((noinline)) void talk(int depth, int round)
{
	if (depth > 0) {
		talk(depth - 1, round);
		__asm__ volatile("");
		return;
	}
	if (round % FAILED_EVERY == 0) {
		PGconn *bad = open_one("fake_sqlstate=53300 fake_socket=0");

		must(PQstatus(bad) == CONNECTION_BAD, "a connect that had to fail");
		failed++;
		finish_one(bad);
	}
	PGconn *connection = open_one("fake_socket=0");

	must(PQstatus(connection) == CONNECTION_OK, "a connect that had to work");
	PQclear(PQexec(connection, "select 1"));
	PQclear(PQexec(connection, "begin"));
	must(PQtransactionStatus(connection) == PQTRANS_INTRANS, "begin");
	begun++;
	if (round % KEPT_EVERY == KEPT_EVERY - 1)
		return; /* forgotten, in its transaction */
	PQclear(PQexec(connection, "commit"));
	finish_one(connection);
}

static void *worker(void *unused)
{
	(void)unused;
	pthread_barrier_wait(&start);
	for (int round = 0; round < rounds; round++)
		talk(round % 12, round);
	return NULL;
}

/* A child of a process with eight busy threads: it connects itself, and must not hang on
 * what they held. */
static void *forker(void *unused)
{
	(void)unused;
	pthread_barrier_wait(&start);
	for (int round = 0; round < rounds / 20; round++) {
		pthread_mutex_lock(&loading);
		pid_t pid = fork();
		int status;

		if (pid)
			pthread_mutex_unlock(&loading);
		if (!pid) {
			alarm(WATCHDOG_SECONDS);
			talk(round % 12, 1);
			_exit(0);
		}
		must(pid > 0 && waitpid(pid, &status, 0) == pid && status == 0, "a child");
		forks++;
	}
	return NULL;
}

/* Is cancelled inside of a connect: that one is nobody's, and not counted. */
static void *connect_for_ever(void *unused)
{
	(void)unused;
	for (;;) {
		finish_one(open_one("fake_socket=0 fake_polls=200 fake_cancel=1"));
	}
	return NULL;
}

static void *canceller(void *unused)
{
	(void)unused;
	pthread_barrier_wait(&start);
	for (int round = 0; round < rounds / 10; round++) {
		unsigned long before = opened;
		pthread_t thread;
		void *result;

		must(!pthread_create(&thread, NULL, connect_for_ever, NULL), "a thread");
		/* Somewhere in it, a little later each time. */
		while (opened < before + (unsigned)round % 7)
			sched_yield();
		pthread_cancel(thread);
		pthread_join(thread, &result);
		must(result == PTHREAD_CANCELED, "a thread that was cancelled");
		cancelled++;
	}
	return NULL;
}

static void *wait_for_ever(void *unused)
{
	(void)unused;
	for (;;)
		pause();
	return NULL;
}

/* The first thread that is cancelled makes libc load libgcc_s: a dlopen, too. */
static void load_unwinder(void)
{
	pthread_t thread;

	must(!pthread_create(&thread, NULL, wait_for_ever, NULL), "a thread");
	pthread_cancel(thread);
	pthread_join(thread, NULL);
}

static void *loader(void *unused)
{
	(void)unused;
	pthread_barrier_wait(&start);
	for (int round = 0; round < rounds / 20; round++) {
		pthread_mutex_lock(&loading);
		void *handle = dlopen(plugin_path, RTLD_NOW | RTLD_LOCAL);
		void (*visit)(void);

		pthread_mutex_unlock(&loading);
		must(handle != NULL, "the plug-in");
		*(void **)&visit = dlsym(handle, "threads_plugin_visit");
		must(visit != NULL, "the plug-in's function");
		visit();
		opened++;
		finished++;
		pthread_mutex_lock(&loading);
		dlclose(handle);
		pthread_mutex_unlock(&loading);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	static void *(*const others[])(void *) = { forker, canceller, loader };
	enum { OTHERS = sizeof(others) / sizeof(*others) };
	pthread_t threads[THREADS + OTHERS];

	must(argc == 3, "threads PLUGIN ROUNDS");
	alarm(WATCHDOG_SECONDS);
	plugin_path = argv[1];
	rounds = atoi(argv[2]);
	load_unwinder();
	pthread_barrier_init(&start, NULL, THREADS + OTHERS);
	for (int i = 0; i < THREADS + OTHERS; i++)
		must(!pthread_create(&threads[i], NULL, i < THREADS ? worker : others[i - THREADS],
				     NULL), "a thread");
	for (int i = 0; i < THREADS + OTHERS; i++)
		pthread_join(threads[i], NULL);
	printf("{\"opened\": %lu, \"finished\": %lu, \"failed\": %lu, \"begun\": %lu, "
	       "\"cancelled\": %lu, \"forks\": %lu}\n",
	       opened, finished, failed, begun, cancelled, forks);
	return 0;
}
