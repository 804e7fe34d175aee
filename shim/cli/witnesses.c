#include "cli/witnesses.h"

#include <dirent.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static bool is_undecided(const struct ledger_misuse *misuse)
{
	return (misuse->kind == LEDGER_MISUSE_INHERITED_USE ||
		misuse->kind == LEDGER_MISUSE_INHERITED_FINISH) &&
	       !(misuse->connection.evidence & LEDGER_OWNER_GONE);
}

/* Is a process the owner of what `heir` inherited, or a child of his, too? With pid 0: is
 * there anything to ask. */
static bool is_related(const struct reader *heir, int pid, int parent_pid)
{
	size_t count = reader_count(heir, LEDGER_MISUSES);

	for (size_t id = 1; id <= count; id++) {
		const struct ledger_misuse *misuse = reader_misuse(heir, (uint32_t)id);
		int owner = misuse->connection.owner_pid;

		if (is_undecided(misuse) && (!pid || owner == pid || owner == parent_pid))
			return true;
	}
	return false;
}

/* Of a file that may be anything, or be gone in a moment: not a word. */
static bool header_read(const char *path, struct ledger_header *ret_header)
{
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	bool is_read = fd >= 0 && read(fd, ret_header, sizeof(*ret_header)) ==
					  (ssize_t)sizeof(*ret_header);

	if (fd >= 0)
		close(fd);
	return is_read && !memcmp(ret_header->magic, LEDGER_MAGIC, sizeof(ret_header->magic));
}

static void consider(struct ledgers *ledgers, const char *directory, const char *name)
{
	const struct reader *heir = ledgers->readers[0];
	size_t length = strlen(name), suffix = strlen(LEDGER_SUFFIX);
	struct ledger_header header;
	enum reader_error error;
	char path[PATH_MAX];

	if (length <= suffix || strcmp(name + length - suffix, LEDGER_SUFFIX) ||
	    snprintf(path, sizeof(path), "%s/%s", directory, name) >= (int)sizeof(path) ||
	    !header_read(path, &header) || header.pid == reader_header(heir)->pid ||
	    !is_related(heir, header.pid, header.parent_pid))
		return;
	struct reader *reader = reader_open(path, &error);

	if (reader)
		ledgers_add_witness(ledgers, reader);
}

void witnesses_call(struct ledgers *ledgers)
{
	char path[PATH_MAX];

	if (ledgers->count != 1 || !is_related(ledgers->readers[0], 0, 0) ||
	    snprintf(path, sizeof(path), "%s", reader_path(ledgers->readers[0])) >= PATH_MAX)
		return;
	const char *directory = dirname(path);
	DIR *opened = strchr(reader_path(ledgers->readers[0]), '/') ? opendir(directory) : NULL;
	const struct dirent *entry;

	while (opened && (entry = readdir(opened)))
		consider(ledgers, directory, entry->d_name);
	if (opened)
		closedir(opened);
}
