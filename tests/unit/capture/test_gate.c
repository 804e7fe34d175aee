/* While the gate is closed nobody is inside, however many come and go. */
#include "capture/gate.h"

#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { THREADS = 8, ROUNDS = 2000, VISITS_MIN = 20 };

static int forks;            /* written while the gate is closed, read inside; no atomic */
static atomic_int inside;
static atomic_bool is_over;
static atomic_long visits, meetings;

static void visit(void)
{
	int seen;

	gate_enter();
	gate_enter();
	atomic_fetch_add(&inside, 1);
	seen = forks;
	gate_leave();
	sched_yield();
	if (forks != seen || !gate_is_inside())
		atomic_fetch_add(&meetings, 1);
	atomic_fetch_sub(&inside, 1);
	gate_leave();
	atomic_fetch_add(&visits, 1);
}

static void *come_and_go(void *unused)
{
	while (!is_over)
		visit();
	return unused;
}

static void threads_start(pthread_t *threads)
{
	atomic_store(&is_over, false);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, come_and_go, NULL), 0);
}

static void threads_stop(const pthread_t *threads)
{
	atomic_store(&is_over, true);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
}

static void nobody_is_inside_of_a_closed_gate(void **state)
{
	pthread_t threads[THREADS];
	long found_inside = 0;

	(void)state;
	threads_start(threads);
	for (int i = 0; i < ROUNDS; i++) {
		long before = visits;

		gate_close();
		forks++;
		found_inside += inside;
		sched_yield();
		found_inside += inside;
		forks++;
		gate_open();
		while (visits < before + VISITS_MIN)
			sched_yield();
	}
	threads_stop(threads);
	assert_int_equal(found_inside, 0);
	assert_int_equal(meetings, 0);
}

static int child_run(void)
{
	gate_reset();
	visit();
	gate_close();
	gate_open();
	visit();
	return gate_is_inside();
}

/* Those who were inside in the parent are not there: a child that counted them would wait. */
static void a_child_has_a_gate_of_its_own(void **state)
{
	pthread_t threads[THREADS];

	(void)state;
	threads_start(threads);
	for (int i = 0; i < 50; i++) {
		int status;

		gate_close();
		pid_t pid = fork();

		if (!pid) {
			alarm(20);
			_exit(child_run());
		}
		gate_open();
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(status, 0);
	}
	threads_stop(threads);
}

/* A handler of the host's forks in the middle of a visit. */
static void who_is_inside_itself_does_not_wait(void **state)
{
	int status;

	(void)state;
	gate_enter();
	gate_close();
	pid_t pid = fork();

	if (!pid) {
		alarm(20);
		gate_reset();
		gate_leave();
		gate_close();
		gate_open();
		_exit(gate_is_inside());
	}
	gate_open();
	gate_leave();
	assert_false(gate_is_inside());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nobody_is_inside_of_a_closed_gate),
		cmocka_unit_test(a_child_has_a_gate_of_its_own),
		cmocka_unit_test(who_is_inside_itself_does_not_wait),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
