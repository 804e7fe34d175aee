#include "analyze/suppressions.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/pattern.h"

struct suppression {
	struct suppression *next;
	size_t length;
	char pattern[]; /* matches all of a name: stars stand at ends that are not tied */
};

struct suppressions {
	struct suppression *first;
};

static const char row_type[] = "leak:";

static struct suppression *suppression_new(const char *pattern)
{
	size_t length = strlen(pattern);
	bool is_tied_first = pattern[0] == '^';
	bool is_tied_last = length > 1 && pattern[length - 1] == '$';
	struct suppression *row = calloc(1, sizeof(*row) + length + 3);

	if (!row)
		return NULL;
	pattern += is_tied_first;
	length -= (size_t)is_tied_first + is_tied_last;
	if (!is_tied_first)
		row->pattern[row->length++] = '*';
	memcpy(row->pattern + row->length, pattern, length);
	row->length += length;
	if (!is_tied_last)
		row->pattern[row->length++] = '*';
	return row;
}

static char *trim(char *line)
{
	char *end;

	line += strspn(line, " \t\r\n");
	end = line + strlen(line);
	while (end > line && strchr(" \t\r\n", end[-1]))
		*--end = 0;
	return line;
}

/* Returns 0, -EINVAL for a line that is no suppression, or -ENOMEM. */
static int line_read(struct suppressions *suppressions, char *line)
{
	struct suppression *row;

	line = trim(line);
	if (!*line || *line == '#')
		return 0;
	if (strncmp(line, row_type, strlen(row_type)) != 0)
		return -EINVAL;
	line = trim(line + strlen(row_type));
	if (!*line)
		return -EINVAL;
	row = suppression_new(line);
	if (!row)
		return -ENOMEM;
	row->next = suppressions->first;
	suppressions->first = row;
	return 0;
}

static int file_read(struct suppressions *suppressions, FILE *file, size_t *ret_number)
{
	char *line = NULL;
	size_t size = 0, number = 0;
	int error = 0;

	while (!error && getline(&line, &size, file) >= 0) {
		number++;
		error = line_read(suppressions, line);
	}
	if (!error && ferror(file))
		error = errno ? -errno : -EIO;
	free(line);
	*ret_number = number;
	return error;
}

struct suppressions *suppressions_read(const char *path, char *ret_problem, size_t problem_size)
{
	struct suppressions *suppressions = NULL;
	FILE *file = fopen(path, "re");
	size_t number;
	int error;

	if (!file) {
		snprintf(ret_problem, problem_size, "cannot open '%s': %s", path, strerror(errno));
		return NULL;
	}
	suppressions = calloc(1, sizeof(*suppressions));
	error = suppressions ? file_read(suppressions, file, &number) : -ENOMEM;
	fclose(file);
	if (!error)
		return suppressions;
	if (error == -EINVAL)
		snprintf(ret_problem, problem_size, "'%s' line %zu: expected leak:PATTERN", path,
			 number);
	else
		snprintf(ret_problem, problem_size, "cannot read '%s': %s", path, strerror(-error));
	suppressions_free(suppressions);
	return NULL;
}

void suppressions_free(struct suppressions *suppressions)
{
	if (!suppressions)
		return;
	while (suppressions->first) {
		struct suppression *row = suppressions->first;

		suppressions->first = row->next;
		free(row);
	}
	free(suppressions);
}

static bool frame_matches(const struct suppression *row, const struct report_frame *frame)
{
	const char *const names[] = { frame->function, frame->file, frame->module };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (*names[i] && pattern_matches(row->pattern, row->length, names[i]))
			return true;
	return false;
}

bool suppressions_match(const struct suppressions *suppressions,
			const struct report_stack *stack)
{
	if (!suppressions)
		return false;
	for (const struct suppression *row = suppressions->first; row; row = row->next)
		for (size_t i = 0; i < stack->count; i++)
			if (frame_matches(row, &stack->frames[i]))
				return true;
	return false;
}
