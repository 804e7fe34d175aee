#include "analyze/source.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SOURCE_SIZE_MAX = 16 << 20, FILES_MAX = 32, BYTES_MAX = 4 * SOURCE_SIZE_MAX };

struct file {
	char *path;        /* NULL: the place is free */
	int error;         /* -Exxx when it cannot be read */
	char *text;
	size_t size;
	uint32_t *lines;   /* where each begins, and one more where the last ends */
	size_t line_count;
};

static struct {
	struct file files[FILES_MAX];
	size_t oldest; /* the place that the next one takes */
	size_t latest; /* found last: most often asked for again */
	size_t bytes;  /* of all */
} source;

static size_t file_bytes(const struct file *file)
{
	return file->size + file->line_count * sizeof(*file->lines);
}

static void file_finish(struct file *file)
{
	source.bytes -= file_bytes(file);
	free(file->path);
	free(file->text);
	free(file->lines);
	*file = (struct file){ 0 };
}

static int text_read(struct file *file)
{
	int fd = open(file->path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat status;
	ssize_t got = 1;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &status) || !S_ISREG(status.st_mode) || status.st_size > SOURCE_SIZE_MAX) {
		close(fd);
		return -EINVAL;
	}
	file->text = malloc((size_t)status.st_size + 1);
	while (file->text && got > 0 && file->size < (size_t)status.st_size) {
		got = read(fd, file->text + file->size, (size_t)status.st_size - file->size);
		file->size += got > 0 ? (size_t)got : 0;
	}
	close(fd);
	return file->text ? 0 : -ENOMEM;
}

static int lines_find(struct file *file)
{
	size_t count = 0, start = 0;

	for (size_t i = 0; i < file->size; i++)
		count += file->text[i] == '\n';
	file->lines = malloc((count + 2) * sizeof(*file->lines));
	if (!file->lines)
		return -ENOMEM;
	while (start < file->size) {
		const char *end = memchr(file->text + start, '\n', file->size - start);

		file->lines[file->line_count++] = (uint32_t)start;
		start = end ? (size_t)(end - file->text) + 1 : file->size;
	}
	file->lines[file->line_count] = (uint32_t)start;
	return 0;
}

static struct file *file_find(const char *path)
{
	struct file *file;

	for (size_t i = 0; i < FILES_MAX; i++) {
		size_t at = (source.latest + i) % FILES_MAX;

		file = &source.files[at];
		if (file->path && strcmp(file->path, path) == 0) {
			source.latest = at;
			return file;
		}
	}
	file = &source.files[source.oldest];
	file_finish(file);
	file->path = strdup(path);
	if (!file->path)
		return NULL;
	source.latest = source.oldest;
	source.oldest = (source.oldest + 1) % FILES_MAX;
	file->error = text_read(file);
	if (!file->error)
		file->error = lines_find(file);
	source.bytes += file_bytes(file);
	for (size_t at = source.oldest; source.bytes > BYTES_MAX; at = (at + 1) % FILES_MAX)
		file_finish(&source.files[at]);
	return file;
}

static size_t cut(const char *text, size_t length)
{
	if (length < SOURCE_LINE_MAX)
		return length;
	length = SOURCE_LINE_MAX - 1;
	/* A line cut within a character ends before it. */
	while (length && ((unsigned char)text[length] & 0xc0) == 0x80)
		length--;
	return length;
}

int source_read(const char *path, uint32_t line, char ret_text[SOURCE_LINE_MAX])
{
	const struct file *file = file_find(path);
	const char *text;
	size_t length;

	if (!file)
		return -ENOMEM;
	if (file->error)
		return file->error;
	if (line == 0 || line > file->line_count)
		return -ENOENT;
	text = file->text + file->lines[line - 1];
	length = file->lines[line] - file->lines[line - 1];
	while (length && isspace((unsigned char)*text)) {
		text++;
		length--;
	}
	while (length && isspace((unsigned char)text[length - 1]))
		length--;
	length = cut(text, length);
	while (length && isspace((unsigned char)text[length - 1]))
		length--;
	memcpy(ret_text, text, length);
	ret_text[length] = 0;
	return 0;
}

void source_forget(void)
{
	for (size_t i = 0; i < FILES_MAX; i++)
		file_finish(&source.files[i]);
}
