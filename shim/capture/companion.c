#include "capture/companion.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text.h"
#include "capture/objects.h"
#include "capture/spawn.h"

#ifndef COMPANION_FROM_SHIM
#error "meson.build gives the installed companion's place relative to the shim"
#endif

enum {
	COMPANION_ENVIRONMENT = 32 << 10,
	COMPANION_VARIABLES_MAX = 64
};

/* What the companion needs of the host's environment; LD_PRELOAD is not in it. */
static const char *const variables[] = {
	"PQLEAK_", "PATH=",  "HOME=", "LANG=",     "LC_",      "TZ=",
	"TERM=",   "TMPDIR=", "XDG_", "NO_COLOR=", "LD_LIBRARY_PATH=",
};

static struct {
	char path[PATH_MAX];
	char *environment[COMPANION_VARIABLES_MAX + 1];
	char *texts;
} companion;

static bool variable_is_needed(const char *variable)
{
	for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++) {
		if (!strncmp(variable, variables[i], strlen(variables[i])))
			return true;
	}
	return false;
}

static void environment_copy(void)
{
	struct text text;
	size_t count = 0;

	companion.texts = memory_map(COMPANION_ENVIRONMENT);
	if (!companion.texts)
		return;
	for (char **at = environ; at && *at && count < COMPANION_VARIABLES_MAX; at++) {
		size_t size = strlen(*at) + 1;
		char *copy = count ? companion.environment[count - 1] : companion.texts;

		if (count)
			copy += strlen(copy) + 1;
		if (!variable_is_needed(*at) ||
		    copy + size > companion.texts + COMPANION_ENVIRONMENT)
			continue;
		text_init(&text, copy, size);
		text_add(&text, *at);
		companion.environment[count++] = copy;
	}
}

static bool path_try(const char *directory, const char *relative)
{
	struct text path;

	text_init(&path, companion.path, sizeof(companion.path));
	text_format(&path, "%s/%s", directory, relative);
	return !path.is_cut && !access(companion.path, X_OK);
}

void companion_prepare(void)
{
	int error = errno;
	uintptr_t self = (uintptr_t)&companion;
	struct object *object = memory_map(sizeof(*object));
	char *directory = memory_map(PATH_MAX);
	uint8_t index;

	if (!companion.texts)
		environment_copy();
	if (object && directory && objects_cover(&self, 1, object, 1, &index)) {
		object_path(object, directory);
		*strrchr(directory, '/') = 0;
		if (!path_try(directory, "cli/pqleak"))
			path_try(directory, COMPANION_FROM_SHIM);
	}
	memory_unmap(object, sizeof(*object));
	memory_unmap(directory, PATH_MAX);
	errno = error;
}

const char *companion_path(void)
{
	return companion.path;
}

int companion_report(const char *path, int input, const char *reason, bool is_awaited,
		     pid_t *ret_pid)
{
	const char *const arguments[] = { "pqleak", "report", reason ? reason : "--final",
					  input >= 0 ? "-" : path, NULL };

	return spawn_run(&(struct spawn){ .path = companion.path,
					  .arguments = arguments,
					  .environment = companion.environment,
					  .input = input,
					  .is_awaited = is_awaited,
					  .ret_pid = ret_pid });
}

int companion_watch(const char *path)
{
	const char *const arguments[] = { "pqleak", "watch", path, NULL };

	return spawn_run(&(struct spawn){ .path = companion.path,
					  .arguments = arguments,
					  .environment = companion.environment,
					  .input = -1,
					  .is_lasting = true });
}
