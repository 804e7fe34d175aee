/* The EINTR of our own signal is taken back, that of the host's signals is not.
 *
 * A thread waits in a system call; once the kernel says that it sleeps, another one
 * sends it the signal, and when the handler has run lets the call come to its end.
 */
#include "capture/resume.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "waits.h"

enum { OURS = SIGUSR2, SIGNALS_MAX = 5 };

enum behaviour { INTERRUPT, RESUME, RESUME_WITH_HOSTS, RESUME_WITH_CHILDS };

static enum behaviour behaviour;
static atomic_int our_count;

static void handle_ours(int number, siginfo_t *info, void *context)
{
	(void)number;
	(void)info;
	/* What comes while we run stays pending: all signals are blocked. */
	if (behaviour == RESUME_WITH_HOSTS)
		pthread_kill(pthread_self(), HOSTS);
	if (behaviour == RESUME_WITH_CHILDS)
		pthread_kill(pthread_self(), SIGCHLD);
	if (behaviour != INTERRUPT)
		resume_interrupted(context);
	our_count++;
}

struct waiter {
	int (*wait)(void);
	atomic_int tid;
	atomic_bool is_over;
	int result;
};

static void *waiter_run(void *argument)
{
	struct waiter *waiter = argument;

	waiter->tid = (int)syscall(SYS_gettid);
	waiter->result = waiter->wait();
	waiter->is_over = true;
	return NULL;
}

/* True when it sleeps, false when it is over. */
static bool waiter_await_sleep(const struct waiter *waiter)
{
	char path[64], line[512] = "";

	while (!waiter->is_over) {
		if (!waiter->tid)
			continue;
		snprintf(path, sizeof(path), "/proc/self/task/%d/stat", waiter->tid);
		int fd = open(path, O_RDONLY | O_CLOEXEC);
		ssize_t length = fd < 0 ? -1 : read(fd, line, sizeof(line) - 1);

		close(fd);
		line[length > 0 ? length : 0] = 0;
		const char *state = strrchr(line, ')');

		if (state && state[2] == 'S')
			return true;
		sched_yield();
	}
	return false;
}

/* What the call returned when `count` of our signals came meanwhile. */
static int interrupted(size_t call, enum behaviour how, int count)
{
	struct waiter waiter = { .wait = waits[call].wait };
	pthread_t thread;

	behaviour = how;
	waits_begin();
	assert_int_equal(pthread_create(&thread, NULL, waiter_run, &waiter), 0);
	for (int i = 0; i < count && waiter_await_sleep(&waiter); i++) {
		int before = our_count;

		assert_int_equal(pthread_kill(thread, OURS), 0);
		while (our_count == before)
			sched_yield();
	}
	if (waiter_await_sleep(&waiter))
		waits[call].end(thread);
	pthread_join(thread, NULL);
	waits_end();
	return waiter.result;
}

static void without_us_the_host_sees_it(void **state)
{
	(void)state;
	for (size_t i = 0; i < wait_count; i++) {
		print_message("%s\n", waits[i].name);
		assert_int_equal(interrupted(i, INTERRUPT, 1), -EINTR);
	}
}

static void no_call_ends_by_our_signals(void **state)
{
	(void)state;
	for (size_t i = 0; i < wait_count; i++) {
		print_message("%s\n", waits[i].name);
		for (int count = 1; count <= SIGNALS_MAX; count += 2)
			assert_int_equal(interrupted(i, RESUME, count), 0);
	}
}

static void a_signal_of_the_hosts_is_not_held_back(void **state)
{
	(void)state;
	for (size_t i = 0; i < wait_count; i++) {
		int before = host_count;

		print_message("%s\n", waits[i].name);
		/* pause and sigsuspend are over by it; the others have failed. */
		assert_int_equal(interrupted(i, RESUME_WITH_HOSTS, 1),
				 waits[i].is_for_signals ? 0 : -EINTR);
		assert_int_equal(host_count, before + 1);
	}
}

static void a_signal_that_nobody_handles_interrupts_nothing(void **state)
{
	(void)state;
	for (size_t i = 0; i < wait_count; i++) {
		print_message("%s\n", waits[i].name);
		assert_int_equal(interrupted(i, RESUME_WITH_CHILDS, 1), 0);
	}
}

static int take_signals(void **state)
{
	struct sigaction ours = { .sa_sigaction = handle_ours,
				  .sa_flags = SA_RESTART | SA_SIGINFO };
	struct sigaction hosts = { .sa_handler = waits_handle_hosts };
	sigset_t waited;

	(void)state;
	alarm(60);
	sigemptyset(&waited);
	sigaddset(&waited, SIGRTMIN);
	pthread_sigmask(SIG_BLOCK, &waited, NULL);
	sigfillset(&ours.sa_mask);
	return sigaction(OURS, &ours, NULL) || sigaction(HOSTS, &hosts, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_us_the_host_sees_it),
#ifdef __x86_64__
		cmocka_unit_test(no_call_ends_by_our_signals),
		cmocka_unit_test(a_signal_that_nobody_handles_interrupts_nothing),
#endif
		cmocka_unit_test(a_signal_of_the_hosts_is_not_held_back),
	};

	return cmocka_run_group_tests(tests, take_signals, NULL);
}
