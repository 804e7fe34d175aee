#include "cli/workplace.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/place.h"
#include "cli/command.h"
#include "cli/inheritance.h"
#include "cli/preload.h"
#include "cli/say.h"

/* Makes it in `place`. Returns 0 or -Exxx. */
static int directory_make_in(struct workplace *workplace, const char *place)
{
	char directory[PATH_MAX];

	if (!realpath(place, directory))
		return -errno;
	if (strlen(directory) + sizeof("/run-XXXXXX") > PATH_MAX)
		return -ENAMETOOLONG;
	strcat(directory, "/run-XXXXXX");
	if (!mkdtemp(directory))
		return -errno;
	strcpy(workplace->directory, directory);
	return 0;
}

/* In PQLEAK_DIR. False when that was not given, or, said in a line, is of no use. */
static bool directory_make_given(struct workplace *workplace)
{
	const char *given = workplace->options->dir;
	char place[PATH_MAX];
	int error;

	if (!*given)
		return false;
	error = place_open(given, place);
	if (error) {
		say("cannot use PQLEAK_DIR='%s': %s; another place serves", given,
		    error == -EPERM ? "others may write to it" : strerror(-error));
		return false;
	}
	error = directory_make_in(workplace, place);
	if (error)
		say("cannot make a directory in PQLEAK_DIR='%s': %s; another place serves", given,
		    strerror(-error));
	return !error;
}

static void directory_make(struct workplace *workplace)
{
	char place[PATH_MAX] = "XDG_RUNTIME_DIR, /dev/shm or /tmp";
	int error;

	if (directory_make_given(workplace))
		return;
	error = place_open("", place);
	if (!error)
		error = directory_make_in(workplace, place);
	if (error)
		say("cannot make a directory for ledgers in %s: %s; each process reports for "
		    "itself", place, strerror(-error));
}

int workplace_init(struct workplace *workplace, const struct options *options)
{
	int error = preload_find(workplace->shim);

	workplace->options = options;
	*workplace->directory = 0;
	if (error) {
		say("cannot preload libpqleak.so: %s", error == -EINVAL
		    ? "its path has a blank or a colon" : "it is not where pqleak was installed");
		return STATUS_NOT_STARTED;
	}
	directory_make(workplace);
	return 0;
}

int workplace_enter(void *context)
{
	const struct workplace *workplace = context;

	if (*workplace->directory && (setenv("PQLEAK_DIR", workplace->directory, 1) ||
				      setenv("PQLEAK_COLLECT", "1", 1)))
		return -ENOMEM;
	return preload_set(workplace->shim, inheritance_preload());
}

void workplace_abandon(const struct workplace *workplace)
{
	if (*workplace->directory)
		rmdir(workplace->directory);
}

void workplace_clean(const struct workplace *workplace, const char *program,
		     const struct ledgers *ledgers, bool is_over)
{
	size_t running = 0;

	if (workplace->options->is_kept) {
		say("the ledgers are kept in '%s'; pqleak report '%s' reads them again",
		    workplace->directory, workplace->directory);
		return;
	}
	for (size_t i = 0; i < ledgers->count; i++) {
		if (reader_is_alive(ledgers->readers[i]))
			running++;
		else
			unlink(reader_path(ledgers->readers[i]));
	}
	if (running)
		say("%zu process%s still run%s; pqleak report '%s' tells more later", running,
		    running == 1 ? "" : "es", running == 1 ? "s" : "", workplace->directory);
	else if (!is_over)
		say("processes that '%s' started still run, without a ledger so far; "
		    "pqleak report '%s' tells more later", program, workplace->directory);
	else if (rmdir(workplace->directory))
		say("files are left in '%s': %s", workplace->directory, strerror(errno));
}
