#include "cli/marks.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* Is it "PID" and `suffix`? */
static bool is_mark(const char *name, const char *suffix)
{
	size_t digits = strspn(name, "0123456789");

	return digits && strcmp(name + digits, suffix) == 0;
}

struct marks marks_take(const char *directory, bool is_kept)
{
	struct marks marks = { 0 };
	DIR *entries = opendir(directory);
	const struct dirent *entry;

	while (entries && (entry = readdir(entries))) {
		bool is_failed = is_mark(entry->d_name, ".failed");

		if (!is_failed && !is_mark(entry->d_name, ".reported"))
			continue;
		marks.count++;
		marks.failed += is_failed;
		if (!is_kept)
			unlinkat(dirfd(entries), entry->d_name, 0);
	}
	if (entries)
		closedir(entries);
	return marks;
}
