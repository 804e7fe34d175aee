#include "base/log.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"

enum { LOG_LINE_MAX = 1024, LOG_PATIENCE_MS = 5000 };

static struct {
	dev_t device;
	ino_t inode;
	bool is_known;
} first_stderr;

void log_init(void)
{
	int error = errno;
	struct stat status;

	if (!fstat(STDERR_FILENO, &status)) {
		first_stderr.device = status.st_dev;
		first_stderr.inode = status.st_ino;
		first_stderr.is_known = true;
	}
	errno = error;
}

bool log_is_usable(void)
{
	int error = errno;
	struct stat status;
	bool is_usable = false;

	if (!fstat(STDERR_FILENO, &status)) {
		bool is_first = first_stderr.is_known && status.st_dev == first_stderr.device &&
				status.st_ino == first_stderr.inode;

		is_usable = is_first || (first_stderr.is_known &&
					 (S_ISREG(status.st_mode) || S_ISCHR(status.st_mode) ||
					  S_ISFIFO(status.st_mode)));
	}
	errno = error;
	return is_usable;
}

/* A pipe that nobody empties would hold the host for ever. One that has been given up is not
 * waited for again. */
static bool fd_await(int fd)
{
	static bool is_stuck;
	struct pollfd event = { .fd = fd, .events = POLLOUT };
	int ready = 1;

	while (fd >= 0) {
		ready = poll(&event, 1, __atomic_load_n(&is_stuck, __ATOMIC_RELAXED) ?
						0 : LOG_PATIENCE_MS);
		if (ready >= 0 || errno != EINTR)
			break;
	}
	__atomic_store_n(&is_stuck, ready == 0, __ATOMIC_RELAXED);
	return ready != 0;
}

/* As much as a pipe takes that has room at all. */
static ssize_t write_some(int fd, const char *bytes, size_t size)
{
	return fd_await(fd) ? write(fd, bytes, size < PIPE_BUF ? size : PIPE_BUF) : 0;
}

bool log_write(int fd, const char *bytes, size_t size)
{
	int error = errno;
	sigset_t fatal, old, pending;
	struct timespec none = { 0 };
	ssize_t written = 0;

	/* A pipe without a reader, or a file past RLIMIT_FSIZE, would kill the host with
	 * a signal that is ours. */
	sigemptyset(&fatal);
	sigaddset(&fatal, SIGPIPE);
	sigaddset(&fatal, SIGXFSZ);
	sigpending(&pending);
	pthread_sigmask(SIG_BLOCK, &fatal, &old);
	while (size && ((written = write_some(fd, bytes, size)) > 0 ||
			(written < 0 && (errno == EINTR || errno == EAGAIN)))) {
		bytes += written > 0 ? written : 0;
		size -= written > 0 ? (size_t)written : 0;
	}
	if (written < 0 && (errno == EPIPE || errno == EFBIG)) {
		int raised = errno == EPIPE ? SIGPIPE : SIGXFSZ;

		sigemptyset(&fatal);
		sigaddset(&fatal, raised);
		if (!sigismember(&pending, raised))
			sigtimedwait(&fatal, NULL, &none);
	}
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	errno = error;
	return !size;
}

void log_say(const char *format, ...)
{
	int error = errno;
	char line[LOG_LINE_MAX];
	struct text text;
	va_list list;

	if (!log_is_usable())
		return;
	text_init(&text, line, sizeof(line) - 1);
	text_add(&text, "pqleak: ");
	va_start(list, format);
	text_format_list(&text, format, list);
	va_end(list);
	line[text.length++] = '\n';
	log_write(STDERR_FILENO, line, text.length);
	errno = error;
}
