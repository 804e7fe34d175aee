#include "cli/ledgers.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/say.h"

/* What to do about it. */
static const char *const cures[] = {
	[READER_NOT_A_LEDGER] = ": give files that end in " LEDGER_SUFFIX,
	[READER_NEWER] = ": read it with the pqleak of that version",
	[READER_TRUNCATED] = ": its process was cut off as it began, nothing is in it",
	[READER_CORRUPT] = ", and cannot be used",
	[READER_FOREIGN] = ": Permission denied, but to that user and root",
};

static void say_refused(const char *path, enum reader_error error, int cause)
{
	if (error == READER_CANNOT_OPEN && cause == ELOOP)
		say("cannot read '%s': it is a symbolic link; give the file itself", path);
	else if (error == READER_CANNOT_OPEN)
		say("cannot read '%s': %s", path, strerror(cause));
	else
		say("'%s' %s%s", path, reader_error_text(error), cures[error]);
}

/* What is there is reported; that it is not all must not pass in silence. */
static void check_length(struct ledgers *ledgers, const struct reader *reader)
{
	uint64_t whole = reader_header(reader)->file_size;
	struct stat status;

	if (stat(reader_path(reader), &status) || !S_ISREG(status.st_mode) ||
	    (uint64_t)status.st_size >= whole)
		return;
	say("'%s' is cut short, %jd of %ju bytes are there: the report is of these",
	    reader_path(reader), (intmax_t)status.st_size, (uintmax_t)whole);
	ledgers->refused++;
}

/* A ledger on standard input is the private memory itself, and whole. */
static void check_growth(struct ledgers *ledgers, const struct reader *reader)
{
	const struct ledger_header *header = reader_header(reader);

	if (!(header->flags & LEDGER_INCOMPLETE) || strcmp(reader_path(reader), "-") == 0)
		return;
	say("'%s' is incomplete: there was no room for the file to grow, and what process %d "
	    "recorded later was in its own memory; the report is of what came before",
	    reader_path(reader), header->pid);
	ledgers->refused++;
}

static int ledgers_append(struct ledgers *ledgers, struct reader *reader)
{
	size_t count = ledgers->count + ledgers->witness_count;
	struct reader **more = reallocarray(ledgers->readers, count + 1, sizeof(*more));

	if (!more) {
		reader_free(reader);
		return -ENOMEM;
	}
	ledgers->readers = more;
	ledgers->readers[count] = reader;
	return 0;
}

int ledgers_add_witness(struct ledgers *ledgers, struct reader *reader)
{
	int error = ledgers_append(ledgers, reader);

	ledgers->witness_count += !error;
	return error;
}

int ledgers_add(struct ledgers *ledgers, const char *path)
{
	enum reader_error error = READER_OK;
	struct reader *reader;
	int failed;

	errno = 0;
	reader = reader_open(path, &error);
	if (reader) {
		check_length(ledgers, reader);
		check_growth(ledgers, reader);
		failed = ledgers_append(ledgers, reader);
		ledgers->count += !failed;
		return failed;
	}
	say_refused(path, error, errno);
	ledgers->refused++;
	return -EINVAL;
}

/* The pid in "PID-RANDOM.ledger"; 0 when the name is not of that form. */
static int name_pid(const char *name)
{
	size_t length = strlen(name), suffix = strlen(LEDGER_SUFFIX);
	char *end;
	long pid;

	if (length <= suffix || strcmp(name + length - suffix, LEDGER_SUFFIX))
		return 0;
	pid = strtol(name, &end, 10);
	return *end == '-' && pid > 0 && pid <= INT_MAX ? (int)pid : 0;
}

static int is_ledger(const struct dirent *entry)
{
	return name_pid(entry->d_name) > 0;
}

static bool is_wanted(const struct reader *reader, const struct ledgers_filter *filter)
{
	return !filter->is_unreported || !(reader_header(reader)->flags & LEDGER_REPORTED);
}

static int add_entry(struct ledgers *ledgers, const char *directory, const char *name,
		     const struct ledgers_filter *filter)
{
	char path[PATH_MAX];
	int error;

	if (filter->pid && name_pid(name) != filter->pid)
		return 0;
	if (snprintf(path, sizeof(path), "%s/%s", directory, name) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	error = ledgers_add(ledgers, path);
	if (!error && !is_wanted(ledgers->readers[ledgers->count - 1], filter))
		reader_free(ledgers->readers[--ledgers->count]);
	return error == -ENOMEM ? error : 0;
}

int ledgers_add_directory(struct ledgers *ledgers, const char *directory,
			  const struct ledgers_filter *filter)
{
	struct dirent **entries;
	int count = scandir(directory, &entries, is_ledger, alphasort);
	int error = 0;

	if (count < 0)
		return -errno;
	for (int i = 0; i < count; i++) {
		if (!error)
			error = add_entry(ledgers, directory, entries[i]->d_name, filter);
		free(entries[i]);
	}
	free(entries);
	return error;
}

void ledgers_finish(struct ledgers *ledgers)
{
	for (size_t i = 0; i < ledgers->count + ledgers->witness_count; i++)
		reader_free(ledgers->readers[i]);
	free(ledgers->readers);
	*ledgers = (struct ledgers){ 0 };
}
