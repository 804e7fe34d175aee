#include "cli/preload.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The build tells where `meson install` puts it: absolute, or from the companion's
 * own directory, so that an installed tree may be moved. */
static const char *const places[] = { "../libpqleak.so", PQLEAK_INSTALLED_SHIM };

static int own_directory(char *ret_directory)
{
	ssize_t length = readlink("/proc/self/exe", ret_directory, PATH_MAX - 1);

	if (length < 0)
		return -errno;
	ret_directory[length] = 0;
	*strrchr(ret_directory, '/') = 0;
	return 0;
}

int preload_find(char *ret_path)
{
	char directory[PATH_MAX], path[2 * PATH_MAX], shim[PATH_MAX];
	int error = own_directory(directory);

	for (size_t i = 0; !error && i < sizeof(places) / sizeof(places[0]); i++) {
		bool is_absolute = *places[i] == '/';

		snprintf(path, sizeof(path), "%s%s%s", is_absolute ? "" : directory,
			 is_absolute ? "" : "/", places[i]);
		if (!realpath(path, shim) || access(shim, R_OK))
			continue;
		if (strpbrk(shim, " :\t\n"))
			return -EINVAL;
		strcpy(ret_path, shim);
		return 0;
	}
	return error ? error : -ENOENT;
}

int preload_set(const char *shim, const char *before)
{
	char *value;
	int error = 0;

	if (asprintf(&value, "%s%s%s", shim, *before ? ":" : "", before) < 0)
		return -ENOMEM;
	if (setenv("LD_PRELOAD", value, 1))
		error = -ENOMEM;
	free(value);
	return error;
}
