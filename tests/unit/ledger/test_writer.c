/* The file of a ledger: how it begins, where it may be, and what is left behind. */
#include "ledger/writer.h"

#include <dirent.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "ledger/connections.h"
#include "ledger/records.h"
#include "written.h"

static size_t descriptor_count(void)
{
	DIR *directory = opendir("/proc/self/fd");
	size_t count = 0;

	assert_non_null(directory);
	while (readdir(directory))
		count++;
	closedir(directory);
	return count;
}

static void a_ledger_says_whose_it_is(void **state)
{
	uint64_t before_ns = clock_monotonic_ns(), before_realtime_ns = clock_realtime_ns();
	struct written *written = written_new(WRITTEN_SIZE);
	struct reader *reader = written_read(written);
	const struct ledger_header *header = reader_header(reader);

	(void)state;
	assert_int_equal(header->pid, getpid());
	assert_int_equal(header->parent_pid, getppid());
	assert_int_equal(header->uid, geteuid());
	assert_true(reader_is_alive(reader));
	assert_in_range(header->started_at_ns, before_ns, clock_monotonic_ns());
	assert_in_range(header->started_at_realtime_ns, before_realtime_ns, clock_realtime_ns());
	assert_int_equal(header->ended, LEDGER_PROCESS_RUNNING);
	assert_string_equal(reader_string(reader, header->command), "python3 app.py");
	assert_string_equal(reader_string(reader, header->executable), "/usr/bin/python3.11");
	assert_int_equal(reader_damaged(reader), 0);
	reader_free(reader);
	written_free(written);
}

static void the_file_is_private_sparse_and_named_after_the_process(void **state)
{
	size_t descriptors = descriptor_count();
	mode_t mask = umask(0);
	struct written *written = written_new(64 << 20);
	struct stat status;
	char begin[PATH_MAX + 32];

	(void)state;
	umask(mask);
	assert_int_equal(stat(written->ledger.path, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0600);
	assert_int_equal(status.st_size, 64 << 20);
	assert_true(status.st_blocks * 512 < 256 << 10);
	snprintf(begin, sizeof(begin), "%s/%d-", written->directory, getpid());
	assert_memory_equal(written->ledger.path, begin, strlen(begin));
	assert_string_equal(written->ledger.path + strlen(begin) + 16, LEDGER_SUFFIX);
	assert_int_equal(descriptor_count(), descriptors);
	written_free(written);
}

static void errno_is_kept(void **state)
{
	struct ledger ledger = { 0 };
	char text[16];

	(void)state;
	errno = EDOM;
	assert_int_equal(ledger_open(&ledger, "/proc/none", 256 << 10, "x", "/x"), 0);
	assert_int_equal(errno, EDOM);
	assert_int_not_equal(ledger.dir_error, 0);
	for (int i = 0; i < 10000; i++) {
		snprintf(text, sizeof(text), "%d", i);
		ledger_add_string(&ledger, text, strlen(text));
	}
	assert_int_equal(errno, EDOM);
	if (*ledger.path)
		unlink(ledger.path);
	ledger_forget(&ledger);
}

static void the_end_is_on_record_and_can_be_taken_back(void **state)
{
	struct written *written = written_new(WRITTEN_SIZE);
	struct ledger none = { 0 };
	struct reader *reader;

	(void)state;
	ledger_end(&none, LEDGER_PROCESS_EXIT);
	ledger_end(&written->ledger, LEDGER_PROCESS_EXEC);
	reader = written_read(written);
	assert_int_equal(reader_header(reader)->ended, LEDGER_PROCESS_EXEC);
	assert_true(reader_header(reader)->ended_at_ns >= reader_header(reader)->started_at_ns);
	reader_free(reader);
	ledger_end(&written->ledger, LEDGER_PROCESS_RUNNING);
	reader = written_read(written);
	assert_int_equal(reader_header(reader)->ended, LEDGER_PROCESS_RUNNING);
	assert_int_equal(reader_header(reader)->ended_at_ns, 0);
	reader_free(reader);
	written_free(written);
}

/* A child forgets its parent's ledger, and begins one of its own. */
static void a_child_leaves_its_parents_ledger_as_it_is(void **state)
{
	struct written *written = written_new(WRITTEN_SIZE);
	uint32_t id = written_string(written, "the parent's");
	struct reader *reader;
	pid_t pid = fork();
	int status;

	(void)state;
	if (!pid) {
		struct ledger *ledger = &written->ledger;

		ledger_forget(ledger);
		status = ledger_open(ledger, written->directory, WRITTEN_SIZE, "child", "/child");
		ledger_add_string(ledger, "the child's", 11);
		_exit(status || ledger->header->pid != getpid() || unlink(ledger->path));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(written_string(written, "the parent's"), id);
	reader = written_read(written);
	assert_int_equal(reader_header(reader)->pid, getpid());
	assert_string_equal(reader_string(reader, id), "the parent's");
	reader_free(reader);
	written_free(written);
}

static void full_sections_count_and_leave_the_others_whole(void **state)
{
	struct written *written = written_new(256 << 10);
	struct ledger_header *header = written->ledger.header;
	struct reader *reader;

	(void)state;
	for (uint32_t round = 0; round < 5000; round++)
		written_fill(&written->ledger, round);
	for (int kind = 0; kind < LEDGER_SECTION_COUNT; kind++) {
		const struct ledger_section *section = &header->section[kind];

		assert_true(section->lost > 0);
		assert_true(section->used > 0);
		assert_true(section->used <= section->capacity);
		assert_true(section->offset % 4096 == 0 &&
			    section->offset + section->capacity <= header->file_size);
		if (kind)
			assert_int_equal(section->offset,
					 section[-1].offset + section[-1].capacity);
	}
	assert_int_equal(header->opened, 10000);
	assert_int_equal(header->finished, 5000);
	reader = written_read(written);
	for (uint32_t id = 1; id <= reader_count(reader, LEDGER_FRAMES); id++) {
		const struct ledger_frame *frame = reader_frame(reader, id);
		char text[24];

		assert_non_null(frame);
		snprintf(text, sizeof(text), "function %u.", frame->line - 1);
		if (frame->function)
			assert_memory_equal(reader_string(reader, frame->function), text,
					    strlen(text));
	}
	assert_int_equal(reader_damaged(reader), 0);
	reader_free(reader);
	written_free(written);
}

static void a_private_ledger_can_be_copied_for_a_reader(void **state)
{
	struct written *written = written_new(WRITTEN_SIZE);
	enum reader_error error;

	(void)state;
	for (uint32_t round = 0; round < 50; round++)
		written_fill(&written->ledger, round);
	int fd = ledger_copy(&written->ledger);

	assert_true(fd >= 0);
	assert_int_equal(dup2(fd, STDIN_FILENO), STDIN_FILENO);
	close(fd);
	struct reader *copied = reader_open("-", &error), *reader = written_read(written);

	assert_non_null(copied);
	assert_memory_equal(reader_header(copied), reader_header(reader),
			    sizeof(struct ledger_header));
	assert_int_equal(reader_count(copied, LEDGER_CONNECTIONS), 100);
	assert_int_equal(reader_damaged(copied), 0);
	reader_free(copied);
	reader_free(reader);
	written_free(written);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_ledger_says_whose_it_is),
		cmocka_unit_test(the_file_is_private_sparse_and_named_after_the_process),
		cmocka_unit_test(errno_is_kept),
		cmocka_unit_test(the_end_is_on_record_and_can_be_taken_back),
		cmocka_unit_test(a_child_leaves_its_parents_ledger_as_it_is),
		cmocka_unit_test(full_sections_count_and_leave_the_others_whole),
		cmocka_unit_test(a_private_ledger_can_be_copied_for_a_reader),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
