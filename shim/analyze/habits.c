#include "analyze/habits.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "analyze/pattern.h"
#include "analyze/source.h"
#include "analyze/user_line.h"

static const char *const tasks[] = {
#define TASKS(pattern) pattern,
#include "analyze/tasks.def"
#undef TASKS
};

typedef bool condition(const struct site_connection *connection);

/* What the program left to others, or to nobody; it connected. */
static bool is_left(const struct site_connection *connection)
{
	switch (connection->report.ending) {
	case ENDING_COLLECTED:
	case ENDING_SHUTDOWN:
	case ENDING_OPEN:
	case ENDING_ABANDONED:
		return true;
	default:
		return false;
	}
}

static bool is_standing(const struct site_connection *connection)
{
	return connection->report.ending == ENDING_OPEN && connection->process->is_running;
}

static const struct site_connection *next_that(const struct site *site, condition *is_wanted,
					       const struct site_connection *after)
{
	const struct site_connection *first = site->connections.items;
	const struct site_connection *end = first + site->connections.count;

	for (after = after ? after + 1 : first; after < end; after++)
		if (is_wanted(after))
			return after;
	return NULL;
}

static uint64_t used_at_ns(const struct site_connection *connection)
{
	const struct report_connection *report = &connection->report;

	return report->last_use_at_ns ? report->last_use_at_ns : report->opened_at_ns;
}

/* Unused since before `later` was opened, by the same process. The times of uses lag by a
 * tick of the kernel's. */
static bool is_unused_since(const struct site_connection *connection,
			    const struct site_connection *later)
{
	return connection->process == later->process &&
	       connection->process->header->flags & LEDGER_TRACKS_USES &&
	       used_at_ns(connection) <= later->report.opened_at_ns;
}

static bool is_of_tasks(const struct report_stack *stack)
{
	for (size_t i = 0; i < stack->count; i++)
		for (size_t j = 0; j < sizeof(tasks) / sizeof(tasks[0]); j++) {
			const char *pattern = tasks[j];
			size_t length = strlen(pattern);

			if (pattern_matches(pattern, length, stack->frames[i].file) ||
			    pattern_matches(pattern, length, stack->frames[i].module))
				return true;
		}
	return false;
}

/* The next that its thread opened at the site: they are sorted by time. */
static const struct site_connection *next_of_thread(const struct site *site,
						    const struct site_connection *connection)
{
	const struct site_connection *next = connection;

	while ((next = next_that(site, is_left, next)))
		if (next->process == connection->process && next->thread == connection->thread)
			return next;
	return NULL;
}

uint64_t habit_left_in_transaction(const struct site *site)
{
	const struct site_connection *connection = NULL;
	uint64_t count = 0;

	if (!site->open_now)
		return 0;
	while ((connection = next_that(site, is_standing, connection))) {
		const struct site_connection *next;

		if (!connection->is_in_transaction || connection->is_overdue ||
		    !connection->thread)
			continue;
		next = next_of_thread(site, connection);
		count += next && is_unused_since(connection, next);
	}
	return count && !is_of_tasks(&site->report.opened_stack) ? count : 0;
}

/* False also where threads cannot be seen: a process of another container, or none. */
static bool is_thread_over(const struct site_connection *connection)
{
	int pid = connection->report.pid;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/task/%d", pid, pid);
	if (access(path, F_OK) != 0)
		return false;
	snprintf(path, sizeof(path), "/proc/%d/task/%d", pid, connection->thread);
	return access(path, F_OK) != 0;
}

uint64_t habit_left_by_threads(const struct site *site)
{
	const struct site_connection *connection = NULL, *before = NULL;
	uint64_t count = 0, unused = 0;

	if (!site->open_now || !habit_is_thread_each(site))
		return 0;
	while ((connection = next_that(site, is_standing, connection))) {
		count += is_thread_over(connection) &&
			 (!connection->last_use_thread ||
			  connection->last_use_thread == connection->thread);
		unused += before && is_unused_since(before, connection);
		before = connection;
	}
	return unused + 1 >= HABIT_MIN && count >= HABIT_MIN ? count : 0;
}

static int numbers_by_size(const void *left, const void *right)
{
	const uint64_t *one = left, *other = right;

	return (*one > *other) - (*one < *other);
}

bool habit_is_thread_each(const struct site *site)
{
	const struct site_connection *connection = NULL;
	uint64_t *threads = calloc(site->connections.count + 1, sizeof(*threads));
	size_t count = 0, different = 0;

	if (!threads)
		return false;
	while ((connection = next_that(site, is_left, connection)))
		threads[count++] = (uint64_t)connection->report.pid << 32 |
				   (uint32_t)connection->thread;
	qsort(threads, count, sizeof(*threads), numbers_by_size);
	for (size_t i = 0; i < count; i++)
		different += (uint32_t)threads[i] && (i == 0 || threads[i] != threads[i - 1]);
	free(threads);
	/* A process that runs for long uses the numbers of its threads again. */
	return count >= HABIT_MIN && different * 10 >= count * 9 &&
	       site->shares.count * HABIT_MIN <= count;
}

bool habit_is_reconnecting(const struct site *site)
{
	const struct site_connection *connection = NULL, *before = NULL;
	size_t count = 0;

	while ((connection = next_that(site, is_left, connection))) {
		if (before && (!connection->thread || connection->thread != before->thread ||
			       !is_unused_since(before, connection)))
			return false;
		before = connection;
		count++;
	}
	return count >= HABIT_MIN && !is_of_tasks(&site->report.opened_stack);
}

/* The text of the program's line that used the first of them last. */
static bool last_use_read(const struct site *site, char ret_text[SOURCE_LINE_MAX],
			  const struct report_frame **ret_line)
{
	const struct site_connection *connection = next_that(site, is_left, NULL);
	const struct report_frame *line =
		connection ? user_line_find(&connection->report.last_use) : NULL;

	if (!line || source_read(line->file, line->line, ret_text) != 0)
		return false;
	*ret_line = line;
	return true;
}

/* A word of the text, and another one behind it. */
static bool has_word(const char *text, const char *word)
{
	size_t length = strlen(word);

	for (const char *at = text; *at; at++)
		if (strncasecmp(at, word, length) == 0 && at[length] == ' ' &&
		    (at == text || !isalnum((unsigned char)at[-1])))
			return true;
	return false;
}

bool habit_is_listening(const struct site *site)
{
	const struct report_frame *line;
	char text[SOURCE_LINE_MAX];

	return last_use_read(site, text, &line) && has_word(text, "listen");
}

bool habit_is_with_block(const struct site *site)
{
	const struct report_frame *line;
	char text[SOURCE_LINE_MAX];

	return last_use_read(site, text, &line) && strcmp(line->language, "python") == 0 &&
	       strncmp(text, "with ", strlen("with ")) == 0 &&
	       line->line == site->report.user_line.line &&
	       strcmp(line->file, site->report.user_line.file) == 0;
}

bool habit_is_one_kept(const struct site *site)
{
	return site->report.count == site->shares.count;
}
