#include "capture/companion.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/text.h"
#include "capture/objects.h"

#ifndef COMPANION_FROM_SHIM
#error "meson.build gives the installed companion's place relative to the shim"
#endif

#define COMPANION_WAIT_MAX_NS UINT64_C(60000000000)

enum {
	COMPANION_STACK = 64 << 10,
	COMPANION_ENVIRONMENT = 32 << 10,
	COMPANION_VARIABLES_MAX = 64,
	COMPANION_PENDING_MAX = 16
};

/* What the companion needs of the host's environment; LD_PRELOAD is not in it. */
static const char *const variables[] = {
	"PQLEAK_", "PATH=",  "HOME=", "LANG=",     "LC_",      "TZ=",
	"TERM=",   "TMPDIR=", "XDG_", "NO_COLOR=", "LD_LIBRARY_PATH=",
};

static struct {
	char path[PATH_MAX];
	char *environment[COMPANION_VARIABLES_MAX + 1];
	char *texts;
	pid_t pending[COMPANION_PENDING_MAX]; /* started by a signal; 0 free */
} companion;

static bool variable_is_needed(const char *variable)
{
	for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++) {
		if (!strncmp(variable, variables[i], strlen(variables[i])))
			return true;
	}
	return false;
}

static void environment_copy(void)
{
	struct text text;
	size_t count = 0;

	companion.texts = memory_map(COMPANION_ENVIRONMENT);
	if (!companion.texts)
		return;
	for (char **at = environ; at && *at && count < COMPANION_VARIABLES_MAX; at++) {
		size_t size = strlen(*at) + 1;
		char *copy = count ? companion.environment[count - 1] : companion.texts;

		if (count)
			copy += strlen(copy) + 1;
		if (!variable_is_needed(*at) || copy + size > companion.texts + COMPANION_ENVIRONMENT)
			continue;
		text_init(&text, copy, size);
		text_add(&text, *at);
		companion.environment[count++] = copy;
	}
}

static bool path_try(const char *directory, const char *relative)
{
	struct text path;

	text_init(&path, companion.path, sizeof(companion.path));
	text_format(&path, "%s/%s", directory, relative);
	return !path.is_cut && !access(companion.path, X_OK);
}

void companion_prepare(void)
{
	int error = errno;
	uintptr_t self = (uintptr_t)&companion;
	struct object *object = memory_map(sizeof(*object));
	char *directory = memory_map(PATH_MAX);
	uint8_t index;

	if (!companion.texts)
		environment_copy();
	if (object && directory && objects_cover(&self, 1, object, 1, &index)) {
		object_path(object, directory);
		*strrchr(directory, '/') = 0;
		if (!path_try(directory, "cli/pqleak"))
			path_try(directory, COMPANION_FROM_SHIM);
	}
	memory_unmap(object, sizeof(*object));
	memory_unmap(directory, PATH_MAX);
	errno = error;
}

const char *companion_path(void)
{
	return companion.path;
}

struct start {
	const char *const *arguments;
	int input; /* -1: the host's */
	sigset_t mask;
	volatile int error;
};

/* Runs in the child, which shares our memory: it writes its own stack and `error`. */
static int start_child(void *data)
{
	struct start *start = data;

	for (int number = 1; number < NSIG; number++) {
		struct sigaction action;

		/* A handler of the host's must not run here. */
		if (!sigaction(number, NULL, &action) && action.sa_handler != SIG_IGN) {
			action = (struct sigaction){ .sa_handler = SIG_DFL };
			sigaction(number, &action, NULL);
		}
	}
	if (start->input >= 0)
		dup2(start->input, STDIN_FILENO);
	/* Number 1 is the host's own output: a pipe may wait for its last writer. */
	if (syscall(SYS_close_range, 3u, ~0u, 0u)) {
		for (int fd = 3; fd < 4096; fd++)
			close(fd);
	}
	sigemptyset(&start->mask);
	sigprocmask(SIG_SETMASK, &start->mask, NULL);
	/* Not through the functions that the shim interposes. */
	syscall(SYS_execve, companion.path, start->arguments, companion.environment);
	start->error = errno;
	syscall(SYS_exit_group, 127);
	return 127;
}

static void pending_add(pid_t pid)
{
	for (size_t i = 0; i < COMPANION_PENDING_MAX; i++) {
		pid_t none = 0;

		if (__atomic_compare_exchange_n(&companion.pending[i], &none, pid, false,
						__ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
			return;
	}
}

void companion_reap(void)
{
	int error = errno;

	for (size_t i = 0; i < COMPANION_PENDING_MAX; i++) {
		pid_t pid = __atomic_load_n(&companion.pending[i], __ATOMIC_ACQUIRE);

		if (pid && waitpid(pid, NULL, WNOHANG | __WALL))
			__atomic_compare_exchange_n(&companion.pending[i], &pid, 0, false,
						    __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
	}
	errno = error;
}

pid_t companion_start(const char *path, int input, bool is_final)
{
	const char *ledger = input >= 0 ? "-" : path;
	const char *const arguments[] = { "pqleak", "report", is_final ? "--final" : ledger,
					  is_final ? ledger : NULL, NULL };
	struct start start = { .arguments = arguments, .input = input };
	sigset_t all, old;
	int error = errno;
	char *stack = memory_map(COMPANION_STACK);
	pid_t pid = -ENOMEM;

	if (stack) {
		sigfillset(&all);
		pthread_sigmask(SIG_SETMASK, &all, &old);
		pid = clone(start_child, stack + COMPANION_STACK, CLONE_VM | CLONE_VFORK, &start);
		if (pid < 0)
			pid = -errno;
		pthread_sigmask(SIG_SETMASK, &old, NULL);
		memory_unmap(stack, COMPANION_STACK);
	}
	if (pid > 0 && start.error) {
		waitpid(pid, NULL, __WALL);
		pid = -start.error;
	}
	if (pid > 0 && !is_final)
		pending_add(pid);
	errno = error;
	return pid;
}

/* Sleeps until the child ends, or a while where the kernel has no pidfd. */
static void child_await(int pidfd, uint64_t left_ns)
{
	struct pollfd event = { .fd = pidfd, .events = POLLIN };
	struct timespec time = { .tv_sec = (time_t)(left_ns / 1000000000u),
				 .tv_nsec = (long)(left_ns % 1000000000u) };

	if (pidfd < 0)
		time = (struct timespec){ .tv_nsec = 1000000 };
	ppoll(&event, pidfd >= 0, &time, NULL);
}

int companion_wait(pid_t pid)
{
	int error = errno, status = 0;
	uint64_t start = clock_monotonic_ns();
	int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	int result = -ETIMEDOUT;
	pid_t ended;

	while (!(ended = waitpid(pid, &status, WNOHANG | __WALL))) {
		uint64_t waited = clock_monotonic_ns() - start;

		if (waited >= COMPANION_WAIT_MAX_NS) {
			kill(pid, SIGKILL);
			waitpid(pid, NULL, __WALL);
			break;
		}
		child_await(pidfd, COMPANION_WAIT_MAX_NS - waited);
	}
	if (ended < 0)
		result = -errno;
	else if (ended)
		result = WIFEXITED(status) ? WEXITSTATUS(status) : -EINTR;
	if (pidfd >= 0)
		close(pidfd);
	errno = error;
	return result;
}
