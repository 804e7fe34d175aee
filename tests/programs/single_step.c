/* Kills a program at any instruction: so many entries to and returns from system calls after a
 * mark, which is its SIGSTOP, and so many instructions further. They end at the next mark.
 *
 *	single_step CALLS INSTRUCTIONS PROGRAM ARGUMENTS
 *
 * With more calls than there are it prints how many there were.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

static pid_t child;

static int run_program(char **argv)
{
	ptrace(PTRACE_TRACEME, 0, NULL, NULL);
	execv(argv[0], argv);
	perror(argv[0]);
	return 127;
}

/* Goes on until the mark; false when the program ends before. */
static int run_to_mark(void)
{
	int status, number = 0;

	while (ptrace(PTRACE_CONT, child, NULL, (void *)(long)number) == 0 &&
	       waitpid(child, &status, 0) == child && WIFSTOPPED(status)) {
		number = WSTOPSIG(status);
		if (number == SIGSTOP)
			return 1;
		if (number == SIGTRAP)
			number = 0;
	}
	return 0;
}

/* Returns how many were made: fewer than `most` when the next mark, or the end, came. */
static long step(enum __ptrace_request request, long most)
{
	int status;
	long count = 0;

	while (count < most && ptrace(request, child, NULL, NULL) == 0 &&
	       waitpid(child, &status, 0) == child && WIFSTOPPED(status) &&
	       WSTOPSIG(status) == SIGTRAP)
		count++;
	return count;
}

int main(int argc, char **argv)
{
	int status;
	long calls;

	if (argc < 4)
		return 2;
	child = fork();
	if (child == 0)
		return run_program(argv + 3);
	if (waitpid(child, &status, 0) != child || !WIFSTOPPED(status) || !run_to_mark())
		return 2;
	calls = step(PTRACE_SYSCALL, atol(argv[1]));
	if (calls < atol(argv[1]))
		printf("%ld\n", calls);
	else
		step(PTRACE_SINGLESTEP, atol(argv[2]));
	kill(child, SIGKILL);
	waitpid(child, &status, 0);
	return 0;
}
