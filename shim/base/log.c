#include "base/log.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"

enum { LOG_LINE_MAX = 1024 };

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

		is_usable = is_first || S_ISREG(status.st_mode) || S_ISCHR(status.st_mode) ||
			    S_ISFIFO(status.st_mode);
	}
	errno = error;
	return is_usable;
}

void log_say(const char *format, ...)
{
	int error = errno;
	char line[LOG_LINE_MAX];
	struct text text;
	va_list list;
	sigset_t pipe, old, pending;
	struct timespec none = { 0 };

	if (!log_is_usable())
		return;
	text_init(&text, line, sizeof(line) - 1);
	text_add(&text, "pqleak: ");
	va_start(list, format);
	text_format_list(&text, format, list);
	va_end(list);
	line[text.length++] = '\n';

	/* A pipe without a reader would kill the host with a signal that is ours. */
	sigemptyset(&pipe);
	sigaddset(&pipe, SIGPIPE);
	sigpending(&pending);
	pthread_sigmask(SIG_BLOCK, &pipe, &old);
	if (write(STDERR_FILENO, line, text.length) < 0 && errno == EPIPE &&
	    !sigismember(&pending, SIGPIPE))
		sigtimedwait(&pipe, NULL, &none);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	errno = error;
}
