#include "cli/process_tree.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/command.h"
#include "cli/inheritance.h"
#include "cli/say.h"

static const int forwarded[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2 };
enum {
	FORWARDED_COUNT = sizeof(forwarded) / sizeof(forwarded[0]),
	SETTLE_NS = 1000000000
};

static volatile pid_t program_pid; /* 0: not started, or already waited for */

static void forward(int signal_number, siginfo_t *info, void *context)
{
	int error = errno;

	(void)context;
	/* The kernel's own, as of ^C in the terminal, went to the whole group. */
	if (program_pid > 0 && info->si_code <= 0)
		kill(program_pid, signal_number);
	errno = error;
}

static void forwarded_set(sigset_t *set)
{
	sigemptyset(set);
	for (size_t i = 0; i < FORWARDED_COUNT; i++)
		sigaddset(set, forwarded[i]);
}

/* One that was ignored, as nohup does, stays ignored in both. */
static void forward_from_now(void)
{
	struct sigaction action = { .sa_sigaction = forward, .sa_flags = SA_SIGINFO | SA_RESTART };
	struct sigaction before;

	forwarded_set(&action.sa_mask);
	for (size_t i = 0; i < FORWARDED_COUNT; i++) {
		if (!sigaction(forwarded[i], NULL, &before) && before.sa_handler != SIG_IGN)
			sigaction(forwarded[i], &action, NULL);
	}
}

/* The pipe closes on exec: what comes through it is the error of one that failed. */
static _Noreturn void child_run(char **argv, int (*prepare)(void *context), void *context,
				const sigset_t *mask, int pipe_end)
{
	struct sigaction standard = { .sa_handler = SIG_DFL };
	int error = prepare(context);

	inheritance_restore();
	/* A forwarded signal that comes before exec must end it, as it would after. */
	for (size_t i = 0; i < FORWARDED_COUNT; i++) {
		struct sigaction action;

		if (!sigaction(forwarded[i], NULL, &action) && action.sa_handler != SIG_IGN)
			sigaction(forwarded[i], &standard, NULL);
	}
	sigprocmask(SIG_SETMASK, mask, NULL);
	if (!error) {
		execvp(argv[0], argv);
		error = -errno;
	}
	while (write(pipe_end, &error, sizeof(error)) < 0 && errno == EINTR)
		;
	_exit(127);
}

/* Returns what the child says through the pipe, 0 when exec closed it. */
static int exec_error(int pipe_end)
{
	int error = 0;
	ssize_t size;

	do {
		size = read(pipe_end, &error, sizeof(error));
	} while (size < 0 && errno == EINTR);
	return size == sizeof(error) ? -error : 0;
}

/* The pids of this process's children, none where the kernel does not list them.
 * Caller frees. */
static pid_t *children_read(size_t *ret_count)
{
	FILE *file = fopen("/proc/thread-self/children", "re");
	pid_t pid, *pids = NULL;

	while (file && fscanf(file, "%d", &pid) == 1) {
		pid_t *more = reallocarray(pids, *ret_count + 1, sizeof(*more));

		if (!more)
			break;
		pids = more;
		pids[(*ret_count)++] = pid;
	}
	if (file)
		fclose(file);
	return pids;
}

int process_tree_start(struct process_tree *tree, char **argv, int (*prepare)(void *context),
		       void *context)
{
	sigset_t set, mask;
	int ends[2], error;
	pid_t pid;

	*tree = (struct process_tree){ 0 };
	if (prctl(PR_SET_CHILD_SUBREAPER, 1) || pipe2(ends, O_CLOEXEC))
		return -errno;
	tree->strangers = children_read(&tree->stranger_count);
	forwarded_set(&set);
	sigprocmask(SIG_BLOCK, &set, &mask);
	forward_from_now();
	pid = fork();
	if (pid == 0)
		child_run(argv, prepare, context, &mask, ends[1]);
	error = pid < 0 ? -errno : 0;
	program_pid = pid > 0 ? pid : 0;
	sigprocmask(SIG_SETMASK, &mask, NULL);
	close(ends[1]);
	if (!error)
		error = exec_error(ends[0]);
	close(ends[0]);
	if (error > 0) {
		waitpid(pid, NULL, 0);
		program_pid = 0;
	}
	tree->pid = pid;
	return error;
}

int process_tree_say_error(const char *program, int error)
{
	if (error < 0) {
		say("cannot start a process: %s", strerror(-error));
		return STATUS_NOT_STARTED;
	}
	say("cannot run '%s': %s", program, strerror(error));
	return error == ENOENT ? STATUS_NOT_FOUND : STATUS_CANNOT_EXECUTE;
}

static const char *fate_name(int status)
{
	if (!WIFSIGNALED(status))
		return "_exit"; /* else its ledger would say exit */
	return WTERMSIG(status) == SIGKILL ? "killed" : "signal";
}

static void fate_add(struct process_tree *tree, pid_t pid, int status)
{
	struct process_fate *more =
		reallocarray(tree->fates, tree->fate_count + 1, sizeof(*more));

	/* Without it the report says "killed": less exact, not wrong. */
	if (!more)
		return;
	tree->fates = more;
	tree->fates[tree->fate_count++] = (struct process_fate){
		.pid = pid,
		.ended = fate_name(status),
		.at_ns = clock_monotonic_ns(),
	};
}

int process_tree_wait(struct process_tree *tree)
{
	int status = 0;
	siginfo_t info = { 0 };
	pid_t pid = 0;

	while (pid != tree->pid) {
		/* The pid is this program's until it is waited for: the handler must not
		 * signal one that the kernel has given away since. */
		if (waitid(P_ALL, 0, &info, WEXITED | WNOWAIT)) {
			if (errno == EINTR)
				continue;
			break;
		}
		if (info.si_pid == tree->pid)
			program_pid = 0;
		pid = waitpid(info.si_pid, &status, 0);
		if (pid > 0)
			fate_add(tree, pid, status);
	}
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* What a shell had started before it became the companion. */
static bool is_stranger(const struct process_tree *tree, pid_t pid)
{
	for (size_t i = 0; i < tree->stranger_count; i++) {
		if (tree->strangers[i] == pid)
			return true;
	}
	return false;
}

/* Takes what has ended. An orphan is a child of ours as soon as its parent has ended,
 * so that no children means no descendants. */
static bool descendants_have_ended(struct process_tree *tree)
{
	pid_t pid, *pids;
	size_t count = 0, strangers = 0;
	int status;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		fate_add(tree, pid, status);
	if (pid < 0 || tree->stranger_count == 0)
		return pid < 0;
	pids = children_read(&count);
	for (size_t i = 0; i < count; i++)
		strangers += is_stranger(tree, pids[i]);
	free(pids);
	return strangers == count;
}

bool process_tree_settle(struct process_tree *tree)
{
	uint64_t now = clock_monotonic_ns(), end = now + SETTLE_NS;
	sigset_t ended, mask;
	bool is_over;

	/* Blocked before the look: an end just after it is waiting for us then. */
	sigemptyset(&ended);
	sigaddset(&ended, SIGCHLD);
	sigprocmask(SIG_BLOCK, &ended, &mask);
	while (!(is_over = descendants_have_ended(tree)) && (now = clock_monotonic_ns()) < end) {
		struct timespec rest = { .tv_sec = (time_t)((end - now) / 1000000000),
					 .tv_nsec = (long)((end - now) % 1000000000) };

		sigtimedwait(&ended, NULL, &rest);
	}
	sigprocmask(SIG_SETMASK, &mask, NULL);
	return is_over;
}

void process_tree_finish(struct process_tree *tree)
{
	free(tree->strangers);
	free(tree->fates);
	*tree = (struct process_tree){ 0 };
}
