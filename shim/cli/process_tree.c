#include "cli/process_tree.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cli/inheritance.h"
#include "cli/ledgers.h"

static const int forwarded[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2 };
enum {
	FORWARDED_COUNT = sizeof(forwarded) / sizeof(forwarded[0]),
	SETTLE_STEPS = 50,
	SETTLE_STEP_NS = 20000000
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

int process_tree_start(struct process_tree *tree, char **argv, int (*prepare)(void *context),
		       void *context)
{
	sigset_t set, mask;
	int ends[2], error;
	pid_t pid;

	if (prctl(PR_SET_CHILD_SUBREAPER, 1) || pipe2(ends, O_CLOEXEC))
		return -errno;
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
	*tree = (struct process_tree){ .pid = pid };
	return error;
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
	tree->fates[tree->fate_count++] = (struct process_fate){ pid, fate_name(status) };
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

void process_tree_settle(struct process_tree *tree, const char *directory)
{
	struct timespec step = { .tv_nsec = SETTLE_STEP_NS };
	sigset_t ended, mask;

	sigemptyset(&ended);
	sigaddset(&ended, SIGCHLD);
	sigprocmask(SIG_BLOCK, &ended, &mask);
	for (int i = 0; i < SETTLE_STEPS; i++) {
		int status;
		pid_t pid;

		while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
			fate_add(tree, pid, status);
		if (ledgers_running(directory) == 0)
			break;
		/* A grandchild's end raises no signal here: hence the steps. */
		sigtimedwait(&ended, NULL, &step);
	}
	sigprocmask(SIG_SETMASK, &mask, NULL);
}

void process_tree_finish(struct process_tree *tree)
{
	free(tree->fates);
	*tree = (struct process_tree){ 0 };
}
