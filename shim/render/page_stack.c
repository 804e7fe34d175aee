#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/source.h"
#include "analyze/user_line.h"
#include "render/page.h"

enum {
	ROWS_MAX = 6,      /* without -v */
	FUNCTION_MAX = 32, /* columns; what is longer pushes its line only */
	LOCATION_MAX = 48,
	LIBRARIES_MAX = 5,
	SOURCE_LEAST = 16  /* columns; a shorter piece tells nothing */
};

/* Beside the user's own frames among others, where labels are. */
static const char MARK[] = "     >";

/* What stands behind the last `part` in the path. */
static const char *behind(const char *path, const char *part)
{
	const char *found = strstr(path, part);

	while (found) {
		path = found + strlen(part);
		found = strstr(path, part);
	}
	return path;
}

/* "psycopg_pool/pool.py", "Python/ceval.c": of a library the last parts tell which file
 * it is, while what is before them tells about the machine that built it. */
static const char *library_file(const char *path)
{
	const char *inside = behind(behind(path, "/site-packages/"), "/dist-packages/");
	const char *last = strrchr(path, '/');

	if (inside != path || !last)
		return inside;
	while (last > path && last[-1] != '/')
		last--;
	return last;
}

/* Relative to the current directory, where it is below it. */
static const char *user_file(const struct page *page, const char *path)
{
	size_t length = strlen(page->directory);

	return length && !strncmp(path, page->directory, length) ? path + length : path;
}

/* "app.py:19", "libfoo.so+0x12a0", or "" when nothing is known. Caller frees. */
static char *frame_location(const struct page *page, const struct report_frame *frame)
{
	const char *file = frame->is_user ? user_file(page, frame->file)
					  : library_file(frame->file);
	const char *slash = strrchr(frame->module, '/');
	char *location = NULL;
	int printed;

	if (*file && frame->line)
		printed = asprintf(&location, "%s:%" PRIu32, file, frame->line);
	else if (*file)
		printed = asprintf(&location, "%s", file);
	else if (*frame->module)
		printed = asprintf(&location, "%s+0x%" PRIx64, slash ? slash + 1 : frame->module,
				   frame->offset);
	else
		return NULL;
	return printed < 0 ? NULL : location;
}

void page_place(struct page *page, const struct report_frame *frame)
{
	char *location = frame_location(page, frame);

	writer_name(&page->writer, *frame->function ? frame->function : "?");
	if (location) {
		writer_put(&page->writer, " ");
		writer_name(&page->writer, location);
	}
	free(location);
}

struct row {
	const struct report_frame *frame;
	char *location;
};

struct rows {
	struct row *row;
	size_t count;
	size_t function_width, location_width;
};

static size_t width_within(const char *name, size_t width, size_t most)
{
	size_t own = writer_width(name);

	return own > width && own <= most ? own : width;
}

static void rows_add(struct rows *rows, const struct page *page, const struct report_frame *frame)
{
	struct row *row = &rows->row[rows->count++];
	char *location = frame_location(page, frame);

	*row = (struct row){ .frame = frame, .location = location };
	rows->function_width = width_within(frame->function, rows->function_width, FUNCTION_MAX);
	if (location)
		rows->location_width = width_within(location, rows->location_width, LOCATION_MAX);
}

/* The user's own frames; where there are none, the one that stands for them. */
static void rows_choose(struct rows *rows, const struct page *page,
			const struct report_stack *stack, const char *library)
{
	size_t most = page->options->is_verbose ? stack->count : ROWS_MAX;

	for (size_t i = 0; i < stack->count && rows->count < most; i++) {
		if (page->options->is_verbose || stack->frames[i].is_user)
			rows_add(rows, page, &stack->frames[i]);
	}
	if (rows->count == 0)
		rows_add(rows, page, user_line_stand_in(stack, library));
}

static bool is_marked(const struct page *page, const struct report_frame *frame)
{
	return page->options->is_verbose && frame->is_user;
}

static bool is_same_place(const struct report_frame *a, const struct report_frame *b)
{
	return a->line == b->line && !strcmp(a->file, b->file);
}

static void row_source(const struct report_frame *frame, const struct report_site *site,
		       char ret_line[SOURCE_LINE_MAX])
{
	ret_line[0] = 0;
	if (site && *site->user_source && is_same_place(frame, &site->user_line))
		snprintf(ret_line, SOURCE_LINE_MAX, "%s", site->user_source);
	else if (frame->is_user && *frame->file)
		source_read(frame->file, frame->line, ret_line);
}

/* What fits beside the place: a cut line still shows which one it is. */
static void source_write(struct writer *writer, char *line, size_t columns)
{
	size_t left;

	writer_pad(writer, columns);
	left = writer_left(writer);
	if (left < SOURCE_LEAST)
		return;
	writer_color(writer, COLOR_DIM);
	if (writer_width(line) > left) {
		writer_name_cut(writer, line, left - strlen(" ..."));
		writer_put(writer, " ...");
	} else {
		writer_name(writer, line);
	}
	writer_color(writer, COLOR_NONE);
}

static void row_write(struct page *page, const struct rows *rows, const struct row *row,
		      const struct report_site *site)
{
	struct writer *writer = &page->writer;
	const struct report_frame *frame = row->frame;
	const char *function = *frame->function ? frame->function : "?";
	const char *location = row->location ? row->location : "";
	bool is_verbose = page->options->is_verbose; /* user frames stand far apart then */
	size_t function_width = writer_width(function), location_width = writer_width(location);
	char line[SOURCE_LINE_MAX];

	row_source(frame, site, line);
	if (is_marked(page, frame))
		writer_color(writer, COLOR_BOLD);
	writer_name(writer, function);
	if (is_marked(page, frame))
		writer_color(writer, COLOR_NONE);
	if (*location) {
		writer_pad(writer, function_width < rows->function_width
					   ? rows->function_width - function_width + 2 : 2);
		writer_name(writer, location);
	}
	if (line[0])
		source_write(writer, line, location_width < rows->location_width && !is_verbose
					   ? rows->location_width - location_width + 3 : 3);
	writer_put(writer, "\n");
}

static bool rows_have(const struct rows *rows, const struct report_frame *frame)
{
	for (size_t i = 0; i < rows->count; i++) {
		if (rows->row[i].frame == frame)
			return true;
	}
	return false;
}

static bool libraries_add(const char **libraries, size_t *count, const char *library)
{
	for (size_t i = 0; i < *count; i++) {
		if (!strcmp(libraries[i], library))
			return true;
	}
	if (*count == LIBRARIES_MAX)
		return false;
	libraries[(*count)++] = library;
	return true;
}

/* "(14 frames in sqlalchemy, psycopg2, libpq: -v shows them)", outermost first:
 * the order in which the program called them. */
static void hidden_write(struct page *page, const struct rows *rows,
			 const struct report_stack *stack)
{
	struct writer *writer = &page->writer;
	const char *libraries[LIBRARIES_MAX];
	size_t library_count = 0, hidden = 0;
	bool are_all = true;

	for (size_t i = stack->count; i-- > 0;) {
		const char *library = stack->frames[i].library;

		if (rows_have(rows, &stack->frames[i]))
			continue;
		hidden++;
		library = stack->frames[i].is_user ? "the program" : library;
		if (*library)
			are_all &= libraries_add(libraries, &library_count, library);
	}
	if (hidden == 0)
		return;
	page_label(page, "");
	writer_color(writer, COLOR_DIM);
	writer_put(writer, "(");
	page_count(page, hidden, "frame");
	for (size_t i = 0; i < library_count; i++) {
		writer_put(writer, i ? ", " : " in ");
		writer_name(writer, libraries[i]);
	}
	writer_put(writer, are_all ? ": -v shows them)" : ", ...: -v shows them)");
	writer_color(writer, COLOR_NONE);
	writer_put(writer, "\n");
}

/* Among all frames the user's own are hard to find. */
static const char *row_label(const struct page *page, const struct report_frame *frame,
			     const char *label)
{
	return !*label && is_marked(page, frame) ? MARK : label;
}

void page_stack(struct page *page, const char *label, const struct report_stack *stack,
		const struct report_site *site)
{
	struct rows rows = { 0 };

	if (stack->count == 0)
		return;
	rows.row = calloc(stack->count, sizeof(*rows.row));
	if (!rows.row) {
		page->writer.error = page->writer.error ? page->writer.error : -ENOMEM;
		return;
	}
	rows_choose(&rows, page, stack, site ? site->pool_library : "");
	for (size_t i = 0; i < rows.count; i++) {
		page_label(page, row_label(page, rows.row[i].frame, i ? "" : label));
		row_write(page, &rows, &rows.row[i], site);
	}
	hidden_write(page, &rows, stack);
	if (stack->is_truncated) {
		page_label(page, "");
		writer_put(&page->writer, "(the stack is deeper: PQLEAK_DEPTH keeps more)\n");
	}
	for (size_t i = 0; i < rows.count; i++)
		free(rows.row[i].location);
	free(rows.row);
}
