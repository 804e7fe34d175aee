#include "cli/inheritance.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const int signals[] = { SIGPIPE, SIGCHLD };
enum { SIGNAL_COUNT = sizeof(signals) / sizeof(signals[0]) };

static char *preload, *debuginfod_urls;
static struct sigaction dispositions[SIGNAL_COUNT];

static char *take_variable(const char *name)
{
	const char *value = getenv(name);
	char *copy = value ? strdup(value) : NULL;

	unsetenv(name);
	return copy;
}

/* A file of ours must not become descriptor 2 and be written to as stderr. The
 * program finds them closed again: they close on exec. */
static void hold_descriptors(void)
{
	int fd;

	do {
		fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	} while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

void inheritance_take(void)
{
	struct sigaction standard = { .sa_handler = SIG_DFL };

	preload = take_variable("LD_PRELOAD");
	debuginfod_urls = take_variable("DEBUGINFOD_URLS");
	for (size_t i = 0; i < SIGNAL_COUNT; i++)
		sigaction(signals[i], &standard, &dispositions[i]);
	hold_descriptors();
}

const char *inheritance_preload(void)
{
	return preload ? preload : "";
}

void inheritance_restore(void)
{
	if (debuginfod_urls)
		setenv("DEBUGINFOD_URLS", debuginfod_urls, 1);
	for (size_t i = 0; i < SIGNAL_COUNT; i++)
		sigaction(signals[i], &dispositions[i], NULL);
}
