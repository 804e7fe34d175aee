#include "capture/signal.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>

#include "capture/delivery.h"
#include "capture/resume.h"

static void signal_handle(int number, siginfo_t *info, void *context)
{
	(void)number;
	(void)info;
	delivery_now("signal", -1);
	resume_interrupted(context);
}

int signal_take(int number)
{
	struct sigaction old, action = { .sa_sigaction = signal_handle,
					 .sa_flags = SA_RESTART | SA_ONSTACK | SA_SIGINFO };
	int error = errno;
	int result = 0;

	/* All are blocked while we run: see resume_interrupted. */
	sigfillset(&action.sa_mask);
	if (sigaction(number, NULL, &old))
		result = -errno;
	else if (old.sa_flags & SA_SIGINFO && old.sa_sigaction == signal_handle)
		result = 0; /* a forked child has it from its parent */
	else if (old.sa_handler != SIG_DFL)
		result = -EBUSY;
	else if (sigaction(number, &action, NULL))
		result = -errno;
	errno = error;
	return result;
}
