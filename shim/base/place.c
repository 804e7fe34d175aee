#include "base/place.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text.h"

static bool is_private(const struct stat *status)
{
	return status->st_uid == geteuid() && (status->st_mode & 0077) == 0;
}

/* What a person chose need not be secret: ledgers are 0600. But others must not
 * be able to put files in the place of ours. */
static bool is_safe(const struct stat *status)
{
	bool is_ours = status->st_uid == geteuid() || status->st_uid == 0;

	return is_ours && ((status->st_mode & 0022) == 0 || (status->st_mode & S_ISVTX));
}

/* O_NOFOLLOW: in /tmp anybody can put a symbolic link under our name. */
static int directory_open(const char *path)
{
	return open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* Is the directory there, ours, and can it be written to? Creates it first. */
static int place_check(const char *path, bool (*is_good)(const struct stat *status))
{
	struct stat status;
	bool is_new = false;
	int error = 0, fd = directory_open(path);

	if (fd < 0 && errno == ENOENT && (!mkdir(path, 0700) || errno == EEXIST)) {
		is_new = true;
		fd = directory_open(path);
	}
	if (fd < 0)
		return errno == ELOOP ? -ENOTDIR : -errno;
	/* The umask may have taken our own permissions away. */
	if (is_new && fchmod(fd, 0700))
		error = -errno;
	else if (fstat(fd, &status))
		error = -errno;
	else if (!is_good(&status))
		error = -EPERM;
	else if (faccessat(fd, ".", W_OK | X_OK, AT_EACCESS))
		error = -errno;
	close(fd);
	return error;
}

/* Ends in the user's number where the name alone does not tell whose it is. */
static const struct {
	const char *before, *after;
	bool is_for_reading;
} candidates[] = {
	{ NULL, "/pqleak", false }, /* in XDG_RUNTIME_DIR */
	{ "/dev/shm/pqleak-", "", false },
	{ "/tmp/pqleak-", "", false },
	{ "/run/user/", "/pqleak", true },
};

/* False when it is not to be had: no such variable, or too long. */
static bool candidate_format(size_t index, uid_t uid, char *ret_path)
{
	const char *runtime = secure_getenv("XDG_RUNTIME_DIR");
	struct text text;

	text_init(&text, ret_path, PATH_MAX);
	if (candidates[index].before) {
		text_add(&text, candidates[index].before);
		text_add_unsigned(&text, uid);
	} else if (runtime && *runtime == '/') {
		text_add(&text, runtime);
	} else {
		return false;
	}
	text_add(&text, candidates[index].after);
	return !text.is_cut;
}

bool place_candidate(unsigned index, uid_t uid, char *ret_path)
{
	for (size_t i = 0; i < sizeof(candidates) / sizeof(candidates[0]); i++) {
		if (candidate_format(i, uid, ret_path) && index-- == 0)
			return true;
	}
	return false;
}

static int place_first(char *ret_path)
{
	int error = -ENOENT;

	for (size_t i = 0; i < sizeof(candidates) / sizeof(candidates[0]); i++) {
		if (candidates[i].is_for_reading || !candidate_format(i, geteuid(), ret_path))
			continue;
		error = place_check(ret_path, is_private);
		if (!error)
			return 0;
	}
	return error;
}

static int place_given(const char *dir_option, char *ret_path)
{
	size_t length = strlen(dir_option);

	if (length >= PATH_MAX)
		return -ENAMETOOLONG;
	memcpy(ret_path, dir_option, length + 1);
	while (length > 1 && ret_path[length - 1] == '/')
		ret_path[--length] = 0;
	return place_check(ret_path, is_safe);
}

int place_open(const char *dir_option, char *ret_path)
{
	/* Not on the stack: the first connection may be a coroutine's. */
	char *path = memory_lend(PATH_MAX);
	int saved_errno = errno;

	if (!path)
		return -ENOMEM;
	int error = *dir_option ? place_given(dir_option, path) : place_first(path);

	if (!error)
		memcpy(ret_path, path, strlen(path) + 1);
	memory_unmap(path, PATH_MAX);
	errno = saved_errno;
	return error;
}
