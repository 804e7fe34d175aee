#include "analyze/source.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SOURCE_BYTES_MAX = 16 << 20 };

static FILE *source_open(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat status;
	FILE *file = NULL;

	if (fd < 0)
		return NULL;
	if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode) &&
	    status.st_size <= SOURCE_BYTES_MAX)
		file = fdopen(fd, "r");
	if (!file)
		close(fd);
	return file;
}

static const char *trimmed(struct arena *arena, char *line)
{
	char *end;

	line += strspn(line, " \t\r\n\f");
	end = line + strlen(line);
	if (end - line > SOURCE_TEXT_MAX) {
		end = line + SOURCE_TEXT_MAX;
		/* Not within a character of UTF-8. */
		while (end > line && ((unsigned char)*end & 0xc0) == 0x80)
			end--;
	}
	while (end > line && strchr(" \t\r\n\f", end[-1]))
		end--;
	*end = 0;
	return arena_copy(arena, line);
}

const char *source_line(struct arena *arena, const char *file, uint32_t number)
{
	FILE *stream = number ? source_open(file) : NULL;
	char *line = NULL;
	size_t size = 0;
	const char *text = "";

	if (!stream)
		return text;
	while (number && getline(&line, &size, stream) >= 0)
		number--;
	if (!number)
		text = trimmed(arena, line);
	free(line);
	fclose(stream);
	return text;
}
