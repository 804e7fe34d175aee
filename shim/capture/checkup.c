#include "capture/checkup.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/checkup.h"

static bool has_doctor;

__attribute__((constructor)) static void find_doctor(void)
{
	const char *value = secure_getenv(CHECKUP_VARIABLE);

	has_doctor = value && !strcmp(value, "1");
}

void checkup(void)
{
	int error = errno;

	if (has_doctor)
		syscall(SYS_write, -1, NULL, (size_t)CHECKUP_SIZE);
	errno = error;
}
