/* What is no ledger is refused, and why is told: other files, headers that lie, other users'. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ledger/reader.h"
#include "ledger_builder.h"

static enum reader_error open_error(const char *path)
{
	enum reader_error error = READER_OK;
	struct reader *reader = reader_open(path, &error);

	reader_free(reader);
	return reader ? READER_OK : error;
}

/* Writes, opens, and forgets the file: the reader has copied it. */
static struct reader *read_built(struct ledger_builder *builder)
{
	char *path = builder_write(builder);
	enum reader_error error;
	struct reader *reader = reader_open(path, &error);

	unlink(path);
	free(path);
	assert_non_null(reader);
	return reader;
}

static void make_other_magic(struct ledger_header *header)
{
	header->magic[0] = 'P';
}

static void make_other_byte_order(struct ledger_header *header)
{
	header->byte_order = 0x04030201;
}

static void make_newer(struct ledger_header *header)
{
	header->version = LEDGER_VERSION + 1;
	header->header_size = 77;
}

static void make_version_zero(struct ledger_header *header)
{
	header->version = 0;
}

static void make_header_larger(struct ledger_header *header)
{
	header->header_size += 8;
}

static void make_section_more(struct ledger_header *header)
{
	header->section_count++;
}

static void make_offset_odd(struct ledger_header *header)
{
	header->section[LEDGER_FRAMES].offset += 8;
}

static void make_offset_beyond(struct ledger_header *header)
{
	header->section[LEDGER_FRAMES].offset = UINT64_C(1) << 62;
}

static void make_offset_wrap(struct ledger_header *header)
{
	header->section[LEDGER_FRAMES].offset = UINT64_MAX - 4095;
	header->section[LEDGER_FRAMES].capacity = 8192;
}

static void make_capacity_beyond(struct ledger_header *header)
{
	header->section[LEDGER_RESULTS].capacity = UINT64_MAX;
}

static void make_used_beyond(struct ledger_header *header)
{
	struct ledger_section *section = &header->section[LEDGER_SITES];

	section->used = section->capacity + sizeof(struct ledger_site);
}

static void make_record_small(struct ledger_header *header)
{
	header->section[LEDGER_CONNECTIONS].record_size = 1;
}

static void make_record_zero(struct ledger_header *header)
{
	header->section[LEDGER_STRINGS].record_size = 0;
}

static void make_overlap(struct ledger_header *header)
{
	header->section[LEDGER_SITES].offset = header->section[LEDGER_POOLS].offset;
}

static void make_in_header(struct ledger_header *header)
{
	header->section[LEDGER_STRINGS].offset = 0;
}

static void make_more_than_memory(struct ledger_header *header)
{
	uint64_t size = UINT64_C(1) << 40;

	header->file_size = size * 2;
	header->section[LEDGER_RESULTS].capacity = size;
	header->section[LEDGER_RESULTS].used = size - size % sizeof(struct ledger_result);
}

static const struct {
	const char *name;
	void (*make)(struct ledger_header *header);
	enum reader_error expected;
} bad_headers[] = {
	{ "another magic", make_other_magic, READER_NOT_A_LEDGER },
	{ "another byte order", make_other_byte_order, READER_NOT_A_LEDGER },
	{ "a newer version", make_newer, READER_NEWER },
	{ "version 0", make_version_zero, READER_CORRUPT },
	{ "a larger header", make_header_larger, READER_CORRUPT },
	{ "one section more", make_section_more, READER_CORRUPT },
	{ "an offset within a page", make_offset_odd, READER_CORRUPT },
	{ "an offset beyond the file", make_offset_beyond, READER_CORRUPT },
	{ "an offset that wraps", make_offset_wrap, READER_CORRUPT },
	{ "a capacity beyond the file", make_capacity_beyond, READER_CORRUPT },
	{ "used beyond the capacity", make_used_beyond, READER_CORRUPT },
	{ "records of another size", make_record_small, READER_CORRUPT },
	{ "records of no size", make_record_zero, READER_CORRUPT },
	{ "sections that overlap", make_overlap, READER_CORRUPT },
	{ "a section in the header", make_in_header, READER_CORRUPT },
	{ "more than a ledger can hold", make_more_than_memory, READER_CORRUPT },
};

static void a_header_that_lies_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(bad_headers) / sizeof(bad_headers[0]); i++) {
		struct ledger_builder *builder = builder_new(1);
		char *path = builder_write(builder);
		int fd = open(path, O_WRONLY | O_CLOEXEC);

		bad_headers[i].make(&builder->header);
		assert_int_equal(pwrite(fd, &builder->header, sizeof(builder->header), 0),
				 sizeof(builder->header));
		close(fd);
		if (open_error(path) != bad_headers[i].expected)
			fail_msg("%s: %s", bad_headers[i].name,
				 reader_error_text(open_error(path)));
		unlink(path);
		free(path);
		builder_free(builder);
	}
}

static void a_file_cut_in_its_header_is_truncated(void **state)
{
	static const off_t sizes[] = { 0, 5, 8, 12, 16, 100, sizeof(struct ledger_header) - 1 };
	struct ledger_builder *builder = builder_new(1);
	char *path = builder_write(builder);

	(void)state;
	for (size_t i = sizeof(sizes) / sizeof(sizes[0]); i-- > 0;) {
		assert_int_equal(truncate(path, sizes[i]), 0);
		assert_int_equal(open_error(path), READER_TRUNCATED);
	}
	unlink(path);
	free(path);
	builder_free(builder);
}

static void only_a_regular_file_is_read(void **state)
{
	struct ledger_builder *builder = builder_new(1);
	char *path = builder_write(builder), link_path[64], fifo_path[64];

	(void)state;
	snprintf(link_path, sizeof(link_path), "%s.link", path);
	snprintf(fifo_path, sizeof(fifo_path), "%s.fifo", path);
	assert_int_equal(symlink(path, link_path), 0);
	assert_int_equal(mkfifo(fifo_path, 0600), 0);
	assert_int_equal(open_error(path), READER_OK);
	assert_int_equal(open_error(link_path), READER_CANNOT_OPEN);
	assert_int_equal(errno, ELOOP);
	assert_int_equal(open_error(fifo_path), READER_NOT_A_LEDGER);
	assert_int_equal(open_error("/tmp"), READER_NOT_A_LEDGER);
	unlink(link_path);
	unlink(fifo_path);
	unlink(path);
	assert_int_equal(open_error(path), READER_CANNOT_OPEN);
	assert_int_equal(errno, ENOENT);
	free(path);
	builder_free(builder);
}

/* Root reads what belongs to root; everybody else must be told whose it is. */
static void a_file_of_another_user_is_foreign(void **state)
{
	int status;
	pid_t child = fork();

	(void)state;
	if (child == 0) {
		if (geteuid() == 0 && seteuid(65534) != 0)
			_exit(2);
		_exit(open_error("/etc/passwd") == READER_FOREIGN &&
		      open_error("/etc/shadow") == READER_FOREIGN ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void every_error_has_its_own_text(void **state)
{
	(void)state;
	for (int i = READER_CANNOT_OPEN; i <= READER_FOREIGN; i++)
		for (int j = READER_CANNOT_OPEN; j < i; j++)
			assert_string_not_equal(reader_error_text((enum reader_error)i),
						reader_error_text((enum reader_error)j));
}

static void a_sparse_ledger_costs_what_is_used(void **state)
{
	struct ledger_builder *builder = builder_new(1);
	struct ledger_section *last = &builder->header.section[LEDGER_RESULTS];
	struct reader *reader;

	(void)state;
	last->capacity = UINT64_C(3) << 30;
	builder->header.file_size = last->offset + last->capacity;
	reader = read_built(builder);
	assert_int_equal(reader_damaged(reader), 0);
	reader_free(reader);
	builder_free(builder);
}

/* As the shim hands over a ledger that is in private memory. */
static void a_ledger_on_standard_input_is_read(void **state)
{
	struct ledger_builder *builder = builder_new(4127);
	char *path = builder_write(builder);
	int status, ends[2];
	pid_t child = fork();

	(void)state;
	if (child == 0) {
		enum reader_error error = READER_OK;
		struct reader *reader;
		int fd = open(path, O_RDONLY | O_CLOEXEC);

		if (dup2(fd, STDIN_FILENO) < 0 || !(reader = reader_open("-", &error)) ||
		    reader_header(reader)->pid != 4127)
			_exit(1);
		reader_free(reader);
		if (pipe(ends) || dup2(ends[0], STDIN_FILENO) < 0 || reader_open("-", &error) ||
		    error != READER_NOT_A_LEDGER)
			_exit(2);
		close(STDIN_FILENO);
		_exit(!reader_open("-", &error) && error == READER_CANNOT_OPEN ? 0 : 3);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	unlink(path);
	free(path);
	builder_free(builder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_header_that_lies_is_refused),
		cmocka_unit_test(a_file_cut_in_its_header_is_truncated),
		cmocka_unit_test(only_a_regular_file_is_read),
		cmocka_unit_test(a_file_of_another_user_is_foreign),
		cmocka_unit_test(every_error_has_its_own_text),
		cmocka_unit_test(a_sparse_ledger_costs_what_is_used),
		cmocka_unit_test(a_ledger_on_standard_input_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
