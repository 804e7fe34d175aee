#include "capture/spawn.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/system_calls.h"
#include "capture/loader.h"

#define SPAWN_WAIT_MAX_NS UINT64_C(60000000000)

enum { SPAWN_STACK = 32 << 10, SPAWN_PENDING_MAX = 16, SPAWN_DESCRIPTORS_MAX = 4096 };

/* Intermediate children that wait while the host goes on; 0 free. */
static pid_t pending[SPAWN_PENDING_MAX];

struct child {
	const struct spawn *spawn;
	char *stack;         /* of the program's process until it execs */
	bool is_intermediate_waiting;
	/* Written by the children, who share our memory. */
	volatile int result;
	volatile pid_t program;
};

static void handlers_forget(void)
{
	for (int number = 1; number < NSIG; number++) {
		struct sigaction action;

		/* A handler of the host's must not run in a child that shares its memory; and
		 * where SIGCHLD is ignored nobody learns how the program ended. */
		if (!sigaction(number, NULL, &action) &&
		    (action.sa_handler != SIG_IGN || number == SIGCHLD)) {
			action = (struct sigaction){ .sa_handler = SIG_DFL };
			sigaction(number, &action, NULL);
		}
	}
}

/* A sanitizer in the program has a clone of its own, which ends the host when the child
 * shares its memory. */
static __typeof__(&clone) real_clone = clone;

__attribute__((constructor)) static void find_real(void)
{
	int error = errno;
	__typeof__(&clone) found = (__typeof__(&clone))loader_dlsym(RTLD_NEXT, "clone");

	if (found)
		real_clone = found;
	errno = error;
}

static int run_program(void *data)
{
	struct child *child = data;
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	/* Not through the functions that the shim interposes. */
	syscall(SYS_execve, child->spawn->path, child->spawn->arguments,
		child->spawn->environment);
	child->result = -errno;
	syscall(SYS_exit_group, 127);
	return 127;
}

/* Sleeps until the process ends, or a while where the kernel has no pidfd. */
static void process_await(int pidfd, uint64_t left_ns)
{
	struct pollfd event = { .fd = pidfd, .events = POLLIN };
	struct timespec time = { .tv_sec = (time_t)(left_ns / 1000000000u),
				 .tv_nsec = (long)(left_ns % 1000000000u) };

	if (pidfd < 0)
		time = (struct timespec){ .tv_nsec = 1000000 };
	ppoll(&event, pidfd >= 0, &time, NULL);
}

static int program_wait(pid_t pid, uint64_t wait_max_ns)
{
	uint64_t start = clock_monotonic_ns();
	int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	int status = 0;
	pid_t ended;

	while (!(ended = waitpid(pid, &status, WNOHANG | __WALL))) {
		uint64_t waited = clock_monotonic_ns() - start;

		if (waited >= wait_max_ns) {
			kill(pid, SIGKILL);
			waitpid(pid, NULL, __WALL);
			return -ETIMEDOUT;
		}
		process_await(pidfd, wait_max_ns - waited);
	}
	if (ended < 0)
		return -errno;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -EINTR;
}

/* What the program finds as its standard streams: the input, and nothing that the host has
 * there of its own: where a stream is closed, the next socket or file gets its number. */
static void streams_arrange(const struct spawn *spawn)
{
	int input = spawn->input, fd;

	/* dup2 to itself would leave it to be closed by exec. */
	if (input >= 0 && input <= STDERR_FILENO)
		input = fcntl(input, F_DUPFD, STDERR_FILENO + 1);
	if (!log_is_usable())
		close(STDERR_FILENO);
	do {
		fd = open("/dev/null", O_RDWR);
	} while (fd >= 0 && fd < STDERR_FILENO);
	if (input >= 0)
		dup2(input, STDIN_FILENO);
}

static int run_intermediate(void *data)
{
	struct child *child = data;
	const struct spawn *spawn = child->spawn;

	handlers_forget();
	streams_arrange(spawn);
	/* A pipe of the host's may wait for its last writer. */
	if (syscall(SYS_close_range, 3u, ~0u, 0u)) {
		for (int fd = 3; fd < SPAWN_DESCRIPTORS_MAX; fd++)
			close(fd);
	}
	pid_t pid = real_clone(run_program, child->stack + SPAWN_STACK,
			       CLONE_VM | CLONE_VFORK | SIGCHLD, child);

	child->program = pid;
	if (pid < 0)
		child->result = -errno;
	else if (!child->result && child->is_intermediate_waiting)
		child->result = program_wait(pid, spawn->is_lasting ? UINT64_MAX
								    : SPAWN_WAIT_MAX_NS);
	syscall(SYS_exit_group, 0);
	return 0;
}

static void pending_add(pid_t pid)
{
	for (size_t i = 0; i < SPAWN_PENDING_MAX; i++) {
		pid_t none = 0;

		if (__atomic_compare_exchange_n(&pending[i], &none, pid, false, __ATOMIC_ACQ_REL,
						__ATOMIC_RELAXED))
			return;
	}
}

void spawn_reap(void)
{
	int error = errno;

	for (size_t i = 0; i < SPAWN_PENDING_MAX; i++) {
		pid_t pid = __atomic_load_n(&pending[i], __ATOMIC_ACQUIRE);

		if (pid && waitpid(pid, NULL, WNOHANG | __WALL))
			__atomic_compare_exchange_n(&pending[i], &pid, 0, false, __ATOMIC_ACQ_REL,
						    __ATOMIC_RELAXED);
	}
	errno = error;
}

/* Would the host become the parent of an orphan, and hear of its end? */
static bool host_is_reaper(void)
{
	int is_subreaper = 0;

	prctl(PR_GET_CHILD_SUBREAPER, &is_subreaper);
	return is_subreaper || getpid() == 1;
}

static int intermediate_run(struct child *child, char *stack)
{
	/* The calling thread sleeps while a child that shares its memory lives. One that
	 * has to outlive the call gets a copy of the memory instead. */
	bool is_left_behind = !child->spawn->is_awaited && host_is_reaper();
	int flags = is_left_behind ? 0 : CLONE_VM | CLONE_VFORK;

	child->is_intermediate_waiting = child->spawn->is_awaited || is_left_behind;
	pid_t pid = real_clone(run_intermediate, stack + SPAWN_STACK, flags, child);

	if (pid < 0)
		return -errno;
	int status = 0;

	if (is_left_behind)
		pending_add(pid);
	else
		waitpid(pid, &status, __WALL);
	/* Killed before its program had ended, it has no word of that. */
	if (WIFSIGNALED(status) && child->program > 0)
		kill(child->program, SIGKILL);
	if (WIFSIGNALED(status))
		return -EINTR;
	if (child->spawn->ret_pid)
		*child->spawn->ret_pid = is_left_behind ? pid : child->program;
	return child->result;
}

static bool is_gone(pid_t pid)
{
	return kill(pid, 0) && errno == ESRCH;
}

void spawn_await(pid_t pid, uint64_t wait_max_ns)
{
	int error = errno;
	int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	uint64_t now = clock_monotonic_ns(), end = now + wait_max_ns;

	if (pidfd >= 0) {
		process_await(pidfd, wait_max_ns);
		close(pidfd);
	}
	for (; pidfd < 0 && now < end && !is_gone(pid); now = clock_monotonic_ns())
		process_await(-1, end - now);
	errno = error;
}

int spawn_run(const struct spawn *spawn)
{
	int error = errno;
	char *stacks = memory_map(2 * SPAWN_STACK);
	struct child child = { .spawn = spawn, .stack = stacks };
	sigset_t all, old;

	if (!stacks)
		return -ENOMEM;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	int result = intermediate_run(&child, stacks + SPAWN_STACK);

	pthread_sigmask(SIG_SETMASK, &old, NULL);
	memory_unmap(stacks, 2 * SPAWN_STACK);
	errno = error;
	return result;
}
