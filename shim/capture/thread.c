#include "capture/thread.h"

#include <sys/syscall.h>
#include <unistd.h>

static _Thread_local __attribute__((tls_model("initial-exec"))) int32_t id;

int32_t thread_id(void)
{
	if (!id)
		id = (int32_t)syscall(SYS_gettid);
	return id;
}

void thread_reset(void)
{
	id = 0;
}
