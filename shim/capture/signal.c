#include "capture/signal.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>

#include "capture/delivery.h"

static void signal_handle(int number)
{
	(void)number;
	delivery_now();
}

int signal_take(int number)
{
	struct sigaction old, action = { .sa_handler = signal_handle,
					 .sa_flags = SA_RESTART | SA_ONSTACK };
	int error = errno;
	int result = 0;

	sigemptyset(&action.sa_mask);
	if (sigaction(number, NULL, &old))
		result = -errno;
	else if (old.sa_handler != SIG_DFL)
		result = -EBUSY;
	else if (sigaction(number, &action, NULL))
		result = -errno;
	errno = error;
	return result;
}
