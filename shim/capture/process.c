#include "capture/process.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text.h"

#ifndef MADV_WIPEONFORK
#define MADV_WIPEONFORK 18 /* Linux 4.14 */
#endif

enum { PROCESS_PAGE = 4096 };

static uint32_t *mark;

int process_mark(void)
{
	if (!mark) {
		uint32_t *page = memory_map(PROCESS_PAGE);

		if (!page)
			return -ENOMEM;
		madvise(page, PROCESS_PAGE, MADV_WIPEONFORK);
		__atomic_store_n(&mark, page, __ATOMIC_RELEASE);
	}
	__atomic_store_n(mark, 1, __ATOMIC_RELEASE);
	return 0;
}

bool process_is_marked(void)
{
	uint32_t *page = __atomic_load_n(&mark, __ATOMIC_ACQUIRE);

	return page && __atomic_load_n(page, __ATOMIC_ACQUIRE);
}

void process_unmark(void)
{
	if (mark)
		__atomic_store_n(mark, 0, __ATOMIC_RELEASE);
}

/* Is the argument fit to be shown: a script's path, or the module after -m. */
static bool argument_is_harmless(const char *argument)
{
	return *argument && *argument != '-' && !strchr(argument, '=') &&
	       !strstr(argument, "://") && !strchr(argument, ' ');
}

static void command_add(struct text *command, const char *argument)
{
	text_add(command, " ");
	text_add(command, argument);
}

void process_command(char *ret_command, size_t size)
{
	char line[1024];
	struct text command;
	int fd = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
	ssize_t length = fd < 0 ? -1 : read(fd, line, sizeof(line) - 2);

	if (fd >= 0)
		close(fd);
	if (length < 0)
		length = 0;
	line[length] = 0;
	line[length + 1] = 0;
	const char *program = strrchr(line, '/') ? strrchr(line, '/') + 1 : line;
	const char *first = line + strlen(line) + 1;
	const char *second = first < line + length ? first + strlen(first) + 1 : first;

	text_init(&command, ret_command, size);
	text_add(&command, program);
	if (first >= line + length)
		return;
	if (argument_is_harmless(first)) {
		command_add(&command, first);
	} else if (!strcmp(first, "-m") && second < line + length && argument_is_harmless(second)) {
		command_add(&command, first);
		command_add(&command, second);
	}
}

void process_executable(char *ret_path, size_t size)
{
	ssize_t length = readlink("/proc/self/exe", ret_path, size - 1);

	ret_path[length > 0 ? length : 0] = 0;
}
