/* The reader gives back what a ledger says, and nothing else: bad ids, cut files and records
 * that the writer was inside of are told, never believed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ledger/reader.h"
#include "ledger_builder.h"

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

static void what_was_written_is_read(void **state)
{
	struct ledger_builder *builder = builder_new(4127);
	uint32_t module = builder_module(builder, "/usr/lib/libpq.so.5", LEDGER_MODULE_LIBPQ);
	uint32_t call = builder_call(builder, "PQconnectdb");
	uint32_t native = builder_native(builder, module, 0x1234);
	uint32_t python = builder_python(builder, "handle_request", "app.py", 19);
	uint32_t stack = BUILDER_STACK(builder, call, native, python);
	uint32_t pool = builder_pool(builder, "sqlalchemy", "QueuePool");
	uint32_t site = builder_site(builder, stack);
	uint32_t kept = builder_open(builder, site, pool), ended = builder_open(builder, site, 0);
	struct reader_stack frames;
	struct reader *reader;

	(void)state;
	builder_finish(builder, ended, LEDGER_FINALIZING, stack, "close");
	builder_misuse(builder, LEDGER_MISUSE_DOUBLE_FINISH, ended, stack);
	reader = read_built(builder);

	assert_int_equal(reader_header(reader)->pid, 4127);
	assert_int_equal(reader_header(reader)->opened, 2);
	assert_string_equal(reader_string(reader, reader_header(reader)->command),
			    "python3 app.py");
	assert_string_equal(reader_string(reader, reader_module(reader, module)->path),
			    "/usr/lib/libpq.so.5");
	frames = reader_stack(reader, stack);
	assert_int_equal(frames.frame_count, 3);
	assert_int_equal(frames.frames[0], call);
	assert_int_equal(frames.frames[2], python);
	assert_int_equal(reader_frame(reader, native)->offset, 0x1234);
	assert_int_equal(reader_frame(reader, python)->line, 19);
	assert_string_equal(reader_string(reader, reader_pool(reader, pool)->type), "QueuePool");
	assert_int_equal(reader_site(reader, site)->open, 1);
	assert_int_equal(reader_connection(reader, kept)->state, LEDGER_OPEN);
	assert_int_equal(reader_connection(reader, ended)->state, LEDGER_ENDED);
	assert_int_equal(reader_count(reader, LEDGER_CONNECTIONS), 2);
	assert_int_equal(reader_count(reader, LEDGER_ENDINGS), 1);
	assert_int_equal(reader_ending(reader, 1)->count, 1);
	assert_string_equal(reader_string(reader, reader_ending(reader, 1)->called), "close");
	assert_int_equal(reader_misuse(reader, 1)->kind, LEDGER_MISUSE_DOUBLE_FINISH);
	assert_int_equal(reader_damaged(reader), 0);
	reader_free(reader);
	builder_free(builder);
}

static void an_id_that_leads_nowhere_is_nothing(void **state)
{
	static const uint32_t ids[] = { 0, 2, 1000, 0x20000001, UINT32_MAX };
	struct ledger_builder *builder = builder_new(1);
	uint32_t frame, stack;
	struct reader *reader;

	(void)state;
	builder_module(builder, "/bin/x", LEDGER_MODULE_MAIN);
	frame = builder_call(builder, "PQconnectdb");
	stack = BUILDER_STACK(builder, frame);
	builder_pool(builder, "sqlalchemy", "QueuePool");
	builder_open(builder, builder_site(builder, stack), 0);
	builder_finish(builder, 1, 0, stack, "");
	builder_misuse(builder, LEDGER_MISUSE_DOUBLE_FINISH, 1, stack);
	reader = read_built(builder);
	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		assert_null(reader_module(reader, ids[i]));
		assert_null(reader_frame(reader, ids[i]));
		assert_null(reader_pool(reader, ids[i]));
		assert_null(reader_site(reader, ids[i]));
		assert_null(reader_connection(reader, ids[i]));
		assert_null(reader_ending(reader, ids[i]));
		assert_null(reader_misuse(reader, ids[i]));
		assert_false(reader_is_torn(reader, LEDGER_SITES, ids[i]));
	}
	assert_string_equal(reader_string(reader, 0), "");
	assert_string_equal(reader_string(reader, UINT32_MAX), "");
	assert_int_equal(reader_stack(reader, 0).frame_count, 0);
	assert_int_equal(reader_stack(reader, UINT32_MAX).frame_count, 0);
	reader_free(reader);
	builder_free(builder);
}

static void what_a_cut_file_lacks_is_counted(void **state)
{
	struct ledger_builder *builder = builder_new(1);
	uint32_t site = builder_site(builder, 0);
	off_t two_connections;
	struct reader *reader;
	enum reader_error error;
	char *path;

	(void)state;
	for (int i = 0; i < 5; i++)
		builder_open(builder, site, 0);
	path = builder_write(builder);
	two_connections = (off_t)(builder->header.section[LEDGER_CONNECTIONS].offset +
				  2 * sizeof(struct ledger_connection) + 10);
	assert_int_equal(truncate(path, two_connections), 0);
	reader = reader_open(path, &error);
	assert_non_null(reader);
	assert_int_equal(reader_count(reader, LEDGER_CONNECTIONS), 2);
	assert_int_equal(reader_connection(reader, 2)->backend_pid, 1002);
	assert_null(reader_connection(reader, 3));
	assert_int_equal(reader_damaged(reader), 3);
	reader_free(reader);
	unlink(path);
	free(path);
	builder_free(builder);
}

static void a_record_left_half_written_is_torn(void **state)
{
	struct ledger_builder *builder = builder_new(1);
	uint32_t site = builder_site(builder, 0);
	uint32_t whole = builder_open(builder, site, 0), torn = builder_open(builder, site, 0);
	struct ledger_connection *record = builder_record(builder, LEDGER_CONNECTIONS, torn);
	struct reader *reader;

	(void)state;
	record->sequence = 7;
	reader = read_built(builder);
	assert_false(reader_is_torn(reader, LEDGER_CONNECTIONS, whole));
	assert_true(reader_is_torn(reader, LEDGER_CONNECTIONS, torn));
	assert_int_equal(reader_connection(reader, torn)->backend_pid, 1002);
	assert_int_equal(reader_damaged(reader), 1);
	reader_free(reader);
	builder_free(builder);
}

static void records_with_bad_ids_are_counted(void **state)
{
	struct ledger_builder *builder = builder_new(1);
	uint32_t frame = builder_call(builder, "PQconnectdb");
	uint32_t site = builder_site(builder, BUILDER_STACK(builder, frame));
	struct ledger_connection *record;
	struct reader *reader;

	(void)state;
	BUILDER_STACK(builder, frame, 99);
	builder_open(builder, site, 0);
	record = builder_record(builder, LEDGER_CONNECTIONS, builder_open(builder, site, 0));
	record->host = 0x7fffffff;
	record = builder_record(builder, LEDGER_CONNECTIONS, builder_open(builder, site, 0));
	record->site = 55;
	reader = read_built(builder);
	assert_int_equal(reader_damaged(reader), 3);
	assert_string_equal(reader_string(reader, 0x7fffffff), "");
	reader_free(reader);
	builder_free(builder);
}

static void a_string_that_does_not_end_is_empty(void **state)
{
	struct ledger_builder *builder = builder_new(1);
	uint32_t id = builder_string(builder, "abcdefg");
	struct ledger_string *string = builder_record(builder, LEDGER_STRINGS, id);
	struct reader *reader;

	(void)state;
	((char *)(string + 1))[7] = 'h';
	reader = read_built(builder);
	assert_string_equal(reader_string(reader, id), "");
	assert_int_equal(reader_damaged(reader), 1);
	reader_free(reader);

	((char *)(string + 1))[7] = 0;
	string->length = UINT32_MAX;
	reader = read_built(builder);
	assert_string_equal(reader_string(reader, id), "");
	reader_free(reader);
	builder_free(builder);
}

static void a_stack_longer_than_its_section_is_empty(void **state)
{
	struct ledger_builder *builder = builder_new(1);
	uint32_t id = BUILDER_STACK(builder, builder_call(builder, "PQfinish"));
	struct ledger_stack *stack = builder_record(builder, LEDGER_STACKS, id);
	struct reader *reader;

	(void)state;
	stack->frame_count = UINT16_MAX;
	reader = read_built(builder);
	assert_int_equal(reader_stack(reader, id).frame_count, 0);
	assert_int_equal(reader_damaged(reader), 1);
	reader_free(reader);
	builder_free(builder);
}

static bool is_alive(pid_t pid, uint64_t start_ticks)
{
	struct ledger_builder *builder = builder_new(pid);
	struct reader *reader;
	bool is_there;

	builder->header.process_start_ticks = start_ticks;
	reader = read_built(builder);
	is_there = reader_is_alive(reader);
	reader_free(reader);
	builder_free(builder);
	return is_there;
}

static void a_process_is_known_by_pid_and_start(void **state)
{
	pid_t child = fork();
	uint64_t ticks;
	siginfo_t info;

	(void)state;
	if (child == 0) {
		pause();
		_exit(0);
	}
	ticks = builder_start_ticks(child);
	assert_true(is_alive(child, ticks));
	assert_false(is_alive(child, ticks + 1));
	assert_false(is_alive(0, ticks));
	assert_false(is_alive(-child, ticks));

	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT), 0);
	assert_int_equal(builder_start_ticks(child), ticks);
	assert_false(is_alive(child, ticks)); /* a zombie */
	assert_int_equal(waitpid(child, NULL, 0), child);
	assert_false(is_alive(child, ticks));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_written_is_read),
		cmocka_unit_test(an_id_that_leads_nowhere_is_nothing),
		cmocka_unit_test(what_a_cut_file_lacks_is_counted),
		cmocka_unit_test(a_record_left_half_written_is_torn),
		cmocka_unit_test(records_with_bad_ids_are_counted),
		cmocka_unit_test(a_string_that_does_not_end_is_empty),
		cmocka_unit_test(a_stack_longer_than_its_section_is_empty),
		cmocka_unit_test(a_process_is_known_by_pid_and_start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
