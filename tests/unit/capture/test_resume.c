/* The EINTR of our own signal is taken back, that of the host's signals is not.
 *
 * A thread waits in a system call; once the kernel says that it sleeps, another one
 * sends it the signal, and when the handler has run lets the call come to its end.
 */
#include "capture/resume.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum { OURS = SIGUSR2, HOSTS = SIGUSR1, SIGNALS_MAX = 5, SLEEP_NS = 400000000 };

enum behaviour { INTERRUPT, RESUME, RESUME_WITH_HOSTS, RESUME_WITH_CHILDS };

static enum behaviour behaviour;
static atomic_int our_count, host_count;
static int ends[2];
static sem_t semaphore;

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

static void handle_hosts(int number)
{
	(void)number;
	host_count++;
}

static struct timespec long_time(void)
{
	return (struct timespec){ .tv_sec = 30 };
}

static int wait_in_poll(void)
{
	struct pollfd one = { .fd = ends[0], .events = POLLIN };

	return poll(&one, 1, -1) == 1 ? 0 : -errno;
}

static int wait_in_ppoll(void)
{
	struct pollfd one = { .fd = ends[0], .events = POLLIN };
	struct timespec limit = long_time();

	return ppoll(&one, 1, &limit, NULL) == 1 ? 0 : -errno;
}

static int wait_in_select(void)
{
	struct timeval limit = { .tv_sec = 30 };
	fd_set set;

	FD_ZERO(&set);
	FD_SET(ends[0], &set);
	return select(ends[0] + 1, &set, NULL, NULL, &limit) == 1 && FD_ISSET(ends[0], &set) ?
		       0 : -errno;
}

static int wait_in_pselect(void)
{
	struct timespec limit = long_time();
	fd_set set;

	FD_ZERO(&set);
	FD_SET(ends[0], &set);
	return pselect(ends[0] + 1, &set, NULL, NULL, &limit, NULL) == 1 ? 0 : -errno;
}

static int wait_in_epoll(void)
{
	int poller = epoll_create1(EPOLL_CLOEXEC);
	struct epoll_event event = { .events = EPOLLIN, .data.u32 = 7 }, got = { 0 };

	epoll_ctl(poller, EPOLL_CTL_ADD, ends[0], &event);
	int result = epoll_wait(poller, &got, 1, -1) == 1 && got.data.u32 == 7 ? 0 : -errno;

	close(poller);
	return result;
}

/* libpq itself waits in poll; a socket with a time limit fails with EINTR in recv. */
static int wait_in_recv(void)
{
	struct timeval limit = { .tv_sec = 30 };
	char byte;

	setsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	return recv(ends[0], &byte, 1, MSG_PEEK) == 1 ? 0 : -errno;
}

static int wait_in_read(void)
{
	struct timeval limit = { .tv_sec = 30 };
	char byte;

	setsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	return read(ends[0], &byte, 1) == 1 ? 0 : -errno;
}

static int wait_in_nanosleep(void)
{
	struct timespec short_time = { .tv_nsec = SLEEP_NS };

	return nanosleep(&short_time, NULL) ? -errno : 0;
}

static int wait_in_clock_nanosleep(void)
{
	struct timespec at;

	clock_gettime(CLOCK_MONOTONIC, &at);
	at.tv_sec += (at.tv_nsec + SLEEP_NS) / 1000000000;
	at.tv_nsec = (at.tv_nsec + SLEEP_NS) % 1000000000;
	return -clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
}

static int wait_in_semaphore(void)
{
	struct timespec at;

	clock_gettime(CLOCK_REALTIME, &at);
	at.tv_sec += 30;
	return sem_timedwait(&semaphore, &at) ? -errno : 0;
}

static int wait_in_sigtimedwait(void)
{
	struct timespec limit = long_time();
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	return sigtimedwait(&set, NULL, &limit) == SIGRTMIN ? 0 : -errno;
}

/* These two end with EINTR always: by a signal of the host's. */
static int wait_in_pause(void)
{
	int before = host_count;

	pause();
	return host_count == before + 1 ? 0 : -EINTR;
}

static int wait_in_sigsuspend(void)
{
	int before = host_count;
	sigset_t set;

	sigemptyset(&set);
	sigsuspend(&set);
	return host_count == before + 1 ? 0 : -EINTR;
}

static void end_by_byte(pthread_t thread)
{
	(void)thread;
	assert_int_equal(write(ends[1], "x", 1), 1);
}

static void end_by_itself(pthread_t thread)
{
	(void)thread;
}

static void end_by_post(pthread_t thread)
{
	(void)thread;
	sem_post(&semaphore);
}

static void end_by_waited_signal(pthread_t thread)
{
	pthread_kill(thread, SIGRTMIN);
}

static void end_by_hosts_signal(pthread_t thread)
{
	pthread_kill(thread, HOSTS);
}

static const struct {
	const char *name;
	int (*wait)(void);
	void (*end)(pthread_t thread);
	bool is_for_signals;
} calls[] = {
	{ "poll", wait_in_poll, end_by_byte, false },
	{ "ppoll", wait_in_ppoll, end_by_byte, false },
	{ "select", wait_in_select, end_by_byte, false },
	{ "pselect", wait_in_pselect, end_by_byte, false },
	{ "epoll_wait", wait_in_epoll, end_by_byte, false },
	{ "recv", wait_in_recv, end_by_byte, false },
	{ "read", wait_in_read, end_by_byte, false },
	{ "nanosleep", wait_in_nanosleep, end_by_itself, false },
	{ "clock_nanosleep", wait_in_clock_nanosleep, end_by_itself, false },
	{ "sem_timedwait", wait_in_semaphore, end_by_post, false },
	{ "sigtimedwait", wait_in_sigtimedwait, end_by_waited_signal, false },
	{ "pause", wait_in_pause, end_by_hosts_signal, true },
	{ "sigsuspend", wait_in_sigsuspend, end_by_hosts_signal, true },
};

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
	struct waiter waiter = { .wait = calls[call].wait };
	pthread_t thread;

	behaviour = how;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	sem_init(&semaphore, 0, 0);
	assert_int_equal(pthread_create(&thread, NULL, waiter_run, &waiter), 0);
	for (int i = 0; i < count && waiter_await_sleep(&waiter); i++) {
		int before = our_count;

		assert_int_equal(pthread_kill(thread, OURS), 0);
		while (our_count == before)
			sched_yield();
	}
	if (waiter_await_sleep(&waiter))
		calls[call].end(thread);
	pthread_join(thread, NULL);
	sem_destroy(&semaphore);
	close(ends[0]);
	close(ends[1]);
	return waiter.result;
}

static void without_us_the_host_sees_it(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		print_message("%s\n", calls[i].name);
		assert_int_equal(interrupted(i, INTERRUPT, 1), -EINTR);
	}
}

static void no_call_ends_by_our_signals(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		print_message("%s\n", calls[i].name);
		for (int count = 1; count <= SIGNALS_MAX; count += 2)
			assert_int_equal(interrupted(i, RESUME, count), 0);
	}
}

static void a_signal_of_the_hosts_is_not_held_back(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		int before = host_count;

		print_message("%s\n", calls[i].name);
		/* pause and sigsuspend are over by it; the others have failed. */
		assert_int_equal(interrupted(i, RESUME_WITH_HOSTS, 1),
				 calls[i].is_for_signals ? 0 : -EINTR);
		assert_int_equal(host_count, before + 1);
	}
}

static void a_signal_that_nobody_handles_interrupts_nothing(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		print_message("%s\n", calls[i].name);
		assert_int_equal(interrupted(i, RESUME_WITH_CHILDS, 1), 0);
	}
}

static int take_signals(void **state)
{
	struct sigaction ours = { .sa_sigaction = handle_ours, .sa_flags = SA_RESTART | SA_SIGINFO };
	struct sigaction hosts = { .sa_handler = handle_hosts };
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
