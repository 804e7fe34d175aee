/* A ledger whose bytes were changed at random is read and reported on, or refused, without
 * a crash: 10,000 times, always the same. */
#include "scene.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MUTATIONS = 10000, BYTES_CHANGED_MAX = 4, SECTION_BYTES_MAX = 2048 };

static uint64_t random_state = 88172645463325252u;

/* xorshift64: every run takes the same bytes. */
static uint64_t random_next(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

static struct ledger_builder *rich_ledger(struct scene *scene)
{
	struct python_scene python = python_scene(scene, 1);
	struct ledger_builder *builder = python.builder;
	uint32_t stack = python_opened(&python, "work", 10);
	uint32_t pool = builder_pool(builder, "sqlalchemy", "QueuePool");
	uint32_t site = builder_site(builder, stack);
	uint32_t other = builder_site(builder, python_opened(&python, "other", 20));
	uint32_t id;

	for (int i = 0; i < 4; i++) {
		id = builder_open(builder, site, pool);
		builder_begin(builder, id, stack);
		if (i % 2)
			builder_finish(builder, id, 0, python_close_stack(&python, "work"),
				       "close");
	}
	id = builder_open(builder, other, 0);
	builder_fail(builder, id, "3D000");
	builder_misuse(builder, LEDGER_MISUSE_INHERITED_FINISH, id, stack);
	builder_finish(builder, builder_open(builder, other, 0), LEDGER_FINALIZING,
		       python_finalize_stack(&python), "");
	return builder;
}

/* Somewhere in the header or in what a section uses. */
static off_t random_place(const struct ledger_builder *builder)
{
	size_t kind = random_next() % (LEDGER_SECTION_COUNT + 1);
	const struct ledger_section *section;
	uint64_t used;

	if (kind == LEDGER_SECTION_COUNT)
		return (off_t)(random_next() % sizeof(builder->header));
	section = &builder->header.section[kind];
	used = section->used < SECTION_BYTES_MAX ? section->used : SECTION_BYTES_MAX;
	return (off_t)(section->offset + random_next() % (used ? used : 8));
}

static void touch_stack(const struct report_stack *stack)
{
	for (size_t i = 0; i < stack->count; i++) {
		const struct report_frame *frame = &stack->frames[i];

		assert_non_null(frame->language);
		assert_true(strlen(frame->function) + strlen(frame->file) +
			    strlen(frame->module) + strlen(frame->build_id) +
			    strlen(frame->library) < SIZE_MAX);
	}
}

static void touch_site(const struct report_site *site)
{
	assert_true(strlen(site->diagnosis) + strlen(site->cure) + strlen(site->target) +
		    strlen(site->pool_library) + strlen(site->pool_type) < SIZE_MAX);
	touch_stack(&site->opened_stack);
	for (size_t i = 0; i < site->connection_count; i++) {
		const struct report_connection *connection = &site->connections[i];

		assert_true(strlen(connection->host) + strlen(connection->sqlstate) < SIZE_MAX);
		touch_stack(&connection->last_use);
		touch_stack(&connection->transaction_begun);
	}
	for (size_t i = 0; i < site->close_count; i++)
		touch_stack(&site->closes[i].stack);
}

/* Returns whether there was a report. */
static bool report_on(const char *path, struct symbolizer *symbolizer)
{
	enum reader_error error = READER_OK;
	struct reader *reader = reader_open(path, &error);
	struct analysis_input input = {
		.readers = &reader, .reader_count = 1, .symbolizer = symbolizer,
	};
	struct report *report;

	if (!reader) {
		assert_int_not_equal(error, READER_OK);
		return false;
	}
	report = analyze(&input);
	reader_free(reader);
	assert_non_null(report);
	for (size_t i = 0; i < report->site_count; i++)
		touch_site(&report->sites[i]);
	for (size_t i = 0; i < report->misuse_count; i++)
		for (size_t j = 0; j < report->misuse[i].stack_count; j++)
			touch_stack(&report->misuse[i].stack[j]);
	report_free(report);
	return true;
}

static void no_change_of_bytes_crashes(void **state)
{
	struct scene *scene = scene_new();
	struct ledger_builder *builder = rich_ledger(scene);
	char *path = builder_write(builder);
	int fd = open(path, O_RDWR | O_CLOEXEC);
	size_t reports = 0;

	(void)state;
	assert_true(fd >= 0);
	assert_true(report_on(path, scene->symbolizer));
	for (int i = 0; i < MUTATIONS; i++) {
		unsigned char before[BYTES_CHANGED_MAX];
		off_t places[BYTES_CHANGED_MAX];
		size_t count = 1 + random_next() % BYTES_CHANGED_MAX;

		for (size_t j = 0; j < count; j++) {
			unsigned char byte = (unsigned char)random_next();

			places[j] = random_place(builder);
			assert_int_equal(pread(fd, &before[j], 1, places[j]), 1);
			assert_int_equal(pwrite(fd, &byte, 1, places[j]), 1);
		}
		reports += report_on(path, scene->symbolizer);
		for (size_t j = count; j-- > 0;)
			assert_int_equal(pwrite(fd, &before[j], 1, places[j]), 1);
	}
	/* Most changes are in the records: a report says what it can. */
	assert_true(reports > MUTATIONS / 2);
	assert_true(reports < MUTATIONS);
	assert_true(report_on(path, scene->symbolizer));
	close(fd);
	unlink(path);
	free(path);
	scene_free(scene);
}

static void no_length_of_file_crashes(void **state)
{
	struct scene *scene = scene_new();
	struct ledger_builder *builder = rich_ledger(scene);
	char *path = builder_write(builder);

	(void)state;
	for (off_t size = (off_t)builder->header.file_size; size > 0; size -= 9973) {
		assert_int_equal(truncate(path, size), 0);
		report_on(path, scene->symbolizer);
	}
	unlink(path);
	free(path);
	scene_free(scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_change_of_bytes_crashes),
		cmocka_unit_test(no_length_of_file_crashes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
