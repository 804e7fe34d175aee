#include "capture/process.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
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

static const char *last_component(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static bool name_ends_like_a_script(const char *name)
{
	static const char *const endings[] = { ".py", ".pyz", ".rb", ".pl", ".psgi", ".php", ".js",
					       ".mjs", ".lua", ".tcl", ".R", ".sh" };
	const char *dot = strrchr(last_component(name), '.');

	for (size_t i = 0; dot && i < sizeof(endings) / sizeof(endings[0]); i++) {
		if (!strcmp(dot, endings[i]))
			return true;
	}
	return false;
}

/* Any word may be a password: a script is a file, or was one before a chdir. */
static bool argument_is_script(const char *argument)
{
	struct stat status;

	if (*argument == '-' || strpbrk(argument, " =@:"))
		return false;
	return name_ends_like_a_script(argument) ||
	       (!stat(argument, &status) && S_ISREG(status.st_mode));
}

/* What follows python's -m. */
static bool argument_is_module(const char *argument)
{
	return *argument && !argument[strspn(argument, "abcdefghijklmnopqrstuvwxyz"
						       "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
						       "0123456789_.")];
}

/* A process may have written a title over its arguments: then the file's name serves. */
static void program_add(struct text *command, const char *argument)
{
	char executable[512];

	if (!*argument || strpbrk(argument, " =@:")) {
		process_executable(executable, sizeof(executable));
		argument = executable;
	}
	text_add(command, last_component(argument));
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
	const char *first = line + strlen(line) + 1;
	const char *second = first < line + length ? first + strlen(first) + 1 : first;

	text_init(&command, ret_command, size);
	program_add(&command, line);
	if (first >= line + length)
		return;
	if (argument_is_script(first))
		text_format(&command, " %s", first);
	else if (!strcmp(first, "-m") && second < line + length && argument_is_module(second))
		text_format(&command, " -m %s", second);
}

void process_executable(char *ret_path, size_t size)
{
	ssize_t length = readlink("/proc/self/exe", ret_path, size - 1);

	ret_path[length > 0 ? length : 0] = 0;
}
