#include "waits.h"

#include <errno.h>
#include <poll.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum { SLEEP_NS = 400000000 };

atomic_int host_count;
static int ends[2];
static sem_t semaphore;

void waits_handle_hosts(int number)
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

const struct wait waits[] = {
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

const size_t wait_count = sizeof(waits) / sizeof(waits[0]);

void waits_begin(void)
{
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	sem_init(&semaphore, 0, 0);
}

void waits_end(void)
{
	sem_destroy(&semaphore);
	close(ends[0]);
	close(ends[1]);
}
