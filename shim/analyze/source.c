#include "analyze/source.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SOURCE_SIZE_MAX = 16 << 20 };

static int source_open(const char *file, FILE **ret_stream)
{
	int fd = open(file, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat status;
	int error;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &status) || !S_ISREG(status.st_mode) || status.st_size > SOURCE_SIZE_MAX) {
		close(fd);
		return -EINVAL;
	}
	*ret_stream = fdopen(fd, "r");
	if (*ret_stream)
		return 0;
	error = -errno;
	close(fd);
	return error;
}

/* Reads one line, keeps its first bytes after the blanks. False at the end of the file. */
static bool source_next(FILE *stream, char text[SOURCE_LINE_MAX])
{
	size_t length = 0;
	int byte;

	while ((byte = getc_unlocked(stream)) != EOF && byte != '\n') {
		if (length == 0 && isspace(byte))
			continue;
		if (length < SOURCE_LINE_MAX - 1)
			text[length++] = (char)byte;
	}
	/* A line cut within a character ends before it. */
	if (length == SOURCE_LINE_MAX - 1) {
		while (length && ((unsigned char)text[length - 1] & 0xc0) == 0x80)
			length--;
		if (length && (unsigned char)text[length - 1] >= 0xc0)
			length--;
	}
	while (length && isspace((unsigned char)text[length - 1]))
		length--;
	text[length] = 0;
	return byte != EOF || length;
}

int source_read(const char *file, uint32_t line, char ret_text[SOURCE_LINE_MAX])
{
	char text[SOURCE_LINE_MAX] = "";
	FILE *stream;
	int error = source_open(file, &stream);
	bool is_there = line > 0;

	if (error)
		return error;
	for (uint32_t i = 0; is_there && i < line; i++)
		is_there = source_next(stream, text);
	fclose(stream);
	if (!is_there)
		return -ENOENT;
	memcpy(ret_text, text, SOURCE_LINE_MAX);
	return 0;
}
