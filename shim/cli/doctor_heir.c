#include "cli/doctor_heir.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/system_calls.h"

enum { LISTENER = 3, WAITING, FIRST_FREE }; /* the heir's descriptors */

bool call_receive(int listener, union call *ret_call)
{
	memset(ret_call, 0, sizeof(*ret_call));
	return !ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, ret_call);
}

void call_pass(int listener, const union call *call)
{
	union {
		struct seccomp_notif_resp response;
		char bytes[sizeof(*call)];
	} answer = { .response = { .id = call->notice.id,
				   .flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE } };

	ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &answer);
}

/* It must hold nothing of the program's: a pipe's reader waits for its last writer. */
static void heir_settle(int listener, int waiting)
{
	sigset_t all;
	int null;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	setsid();
	prctl(PR_SET_NAME, "pqleak-heir");
	/* Above what they go to, so that neither is closed by the other's move. */
	listener = fcntl(listener, F_DUPFD, FIRST_FREE);
	waiting = fcntl(waiting, F_DUPFD, FIRST_FREE);
	if (listener < 0 || waiting < 0 || dup2(listener, LISTENER) < 0 ||
	    dup2(waiting, WAITING) < 0 || chdir("/"))
		_exit(1);
	if (syscall(SYS_close_range, FIRST_FREE, ~0U, 0)) {
		for (int fd = FIRST_FREE; fd < 1024; fd++)
			close(fd);
	}
	null = open("/dev/null", O_RDWR);
	for (int fd = 0; fd <= STDERR_FILENO; fd++)
		dup2(null, fd);
	close(null);
}

static _Noreturn void heir_run(int listener, int waiting)
{
	struct pollfd end = { .fd = WAITING }, calls = { .fd = LISTENER, .events = POLLIN };
	union call call;

	heir_settle(listener, waiting);
	/* Nothing is ever written: the pipe tells when the doctor is gone. */
	while (poll(&end, 1, -1) < 0 || !(end.revents & (POLLHUP | POLLERR)))
		;
	/* The other end of the filter closes with its last process. */
	while (poll(&calls, 1, -1) < 0 || !(calls.revents & (POLLHUP | POLLERR))) {
		if (calls.revents & POLLIN && call_receive(LISTENER, &call))
			call_pass(LISTENER, &call);
	}
	_exit(0);
}

int heir_start(struct heir *heir, int listener)
{
	int ends[2], error;

	if (pipe2(ends, O_CLOEXEC))
		return -errno;
	/* A fork with no signal at its end: the program's tree would seem to go on as long
	 * as it does. What fork() prepares, such as malloc's locks, it does not need. */
	heir->pid = (pid_t)syscall(SYS_clone, 0, 0, 0, 0, 0);
	error = heir->pid < 0 ? -errno : 0;
	if (heir->pid == 0) {
		close(ends[1]);
		heir_run(listener, ends[0]);
	}
	heir->pipe = ends[1];
	close(ends[0]);
	if (error)
		close(ends[1]);
	return error;
}

void heir_finish(struct heir *heir, bool is_over)
{
	close(heir->pipe);
	while (is_over && waitpid(heir->pid, NULL, (int)__WCLONE) < 0 && errno == EINTR)
		;
}
