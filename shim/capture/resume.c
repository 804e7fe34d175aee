#include "capture/resume.h"

#ifdef __x86_64__

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <ucontext.h>

enum {
	SYSCALL_LENGTH = 2, /* 0f 05 */
	MOVE_LENGTH = 5,    /* b8, then the number in four bytes: mov $number, %eax */
	MOVE_DISTANCE_MAX = 16
};

static bool call_is_resumable(uint32_t number)
{
	switch (number) {
#define RESUME_CALL(name) case SYS_##name:
#include "capture/resume_calls.def"
#undef RESUME_CALL
		return true;
	default:
		return false;
	}
}

/* The number of the call whose instruction ends at `end`: %rax held it, and holds the
 * result now, but libc loads it as a constant shortly before. */
static bool call_number_find(const unsigned char *end, uint32_t *ret_number)
{
	const unsigned char *instruction = end - SYSCALL_LENGTH;

	if (instruction[0] != 0x0f || instruction[1] != 0x05)
		return false;
	/* read is number 0: xor %eax, %eax. */
	if (instruction[-2] == 0x31 && instruction[-1] == 0xc0) {
		*ret_number = SYS_read;
		return call_is_resumable(SYS_read);
	}
	for (int back = MOVE_LENGTH; back <= MOVE_DISTANCE_MAX; back++) {
		memcpy(ret_number, instruction - back + 1, sizeof(*ret_number));
		if (instruction[-back] == 0xb8 && call_is_resumable(*ret_number))
			return true;
	}
	return false;
}

/* Is a signal pending that the interrupted code does not block and has a handler for?
 * What is ignored (SIGCHLD is, by default) interrupts nothing; the rest ends it. */
static bool host_is_called(const sigset_t *blocked)
{
	sigset_t pending;
	struct sigaction action;

	if (sigpending(&pending))
		return true;
	for (int number = 1; number < NSIG; number++) {
		if (sigismember(&pending, number) == 1 && !sigismember(blocked, number) &&
		    !sigaction(number, NULL, &action) && action.sa_handler != SIG_DFL &&
		    action.sa_handler != SIG_IGN)
			return true;
	}
	return false;
}

void resume_interrupted(void *context)
{
	ucontext_t *interrupted = context;
	greg_t *registers = interrupted->uc_mcontext.gregs;
	uint32_t number;

	if (registers[REG_RAX] != -EINTR || host_is_called(&interrupted->uc_sigmask) ||
	    !call_number_find((const unsigned char *)registers[REG_RIP], &number))
		return;
	registers[REG_RAX] = number;
	registers[REG_RIP] -= SYSCALL_LENGTH;
}

#else

void resume_interrupted(void *context)
{
	(void)context;
}

#endif
