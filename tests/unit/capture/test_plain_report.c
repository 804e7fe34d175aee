/* The report that needs no companion, over a ledger that the writer wrote. */
#include "capture/plain_report.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "ledger/connections.h"
#include "ledger/records.h"
#include "ledger/results.h"
#include "written.h"

/* What is written of it; the caller frees. */
static char *report_of(const struct written *written)
{
	int fd = memfd_create("report", MFD_CLOEXEC);
	off_t size;
	char *text;

	assert_true(fd >= 0);
	errno = EDOM;
	plain_report_write(&written->ledger, fd);
	assert_int_equal(errno, EDOM);
	size = lseek(fd, 0, SEEK_END);
	text = calloc(1, (size_t)size + 1);
	assert_int_equal(pread(fd, text, (size_t)size, 0), size);
	close(fd);
	return text;
}

static uint32_t string(struct ledger *ledger, const char *text)
{
	return ledger_add_string(ledger, text, strlen(text));
}

/* PQconnectdb, a native frame and a Python one. */
static uint32_t stack(struct ledger *ledger, const char *call, const char *function, uint32_t line)
{
	struct ledger_module libpq = {
		.bias = 0x7f0000000000,
		.path = string(ledger, "/lib/libpq.so.5"),
		.flags = LEDGER_MODULE_LIBPQ,
	};
	struct ledger_module main = {
		.bias = 0x550000000000,
		.path = string(ledger, "/usr/bin/app"),
		.build_id = { 0x01, 0x23, 0xab, 0xcd },
		.build_id_length = 4,
	};
	uint32_t frames[] = {
		ledger_add_frame(ledger, &(struct ledger_frame){
						 .function = string(ledger, call),
						 .module = ledger_add_module(ledger, &libpq),
						 .flags = LEDGER_FRAME_CALL }),
		ledger_add_frame(ledger, &(struct ledger_frame){
						 .offset = 0x1234, .flags = LEDGER_FRAME_RETURN,
						 .module = ledger_add_module(ledger, &main) }),
		ledger_add_frame(ledger, &(struct ledger_frame){ .offset = 0x99 }),
		ledger_add_frame(ledger, &(struct ledger_frame){
						 .function = string(ledger, function),
						 .file = string(ledger, "/srv/app.py"),
						 .line = line, .language = LEDGER_PYTHON }),
	};

	return ledger_add_stack(ledger, line, frames, 4, 0);
}

static uint32_t connect_at(struct ledger *ledger, uint32_t opened_stack)
{
	return ledger_add_connection(ledger,
				     &(struct ledger_connection){
					     .state = LEDGER_OPEN,
					     .site = ledger_find_site(ledger, opened_stack, 1),
					     .opened_stack = opened_stack,
					     .user = string(ledger, "bob"),
					     .host = string(ledger, "db1"),
					     .port = string(ledger, "5432"),
					     .database = string(ledger, "app"),
					     .backend_pid = 4711,
					     .socket = 3,
				     });
}

static const char golden[] =
	"pqleak: python3 app.py (pid %d): 4 connections opened, 1 finished, 3 open, peak 4 open; "
	"plain report, complete it with `pqleak symbolize`\n"
	"\n"
	"OPEN  3 opened, 1 failed, 1 finished, 2 open, peak 3 open\n"
	"    #0 PQconnectdb (/lib/libpq.so.5)\n"
	"    #1 0x550000001234 (/usr/bin/app+0x1234) (BuildId: 0123abcd)\n"
	"    #2 0x99\n"
	"    #3 handle_request /srv/app.py:19\n"
	"  bob@db1:5432/app, backend 4711, socket 3\n"
	"  in a transaction begun here\n"
	"    #0 PQexec (/lib/libpq.so.5)\n"
	"    #1 0x550000001234 (/usr/bin/app+0x1234) (BuildId: 0123abcd)\n"
	"    #2 0x99\n"
	"    #3 start_job /srv/app.py:30\n"
	"  bob@db1:5432/app, backend 4711, socket 3, SQLSTATE 53300\n"
	"  1 finished here, interpreter shutdown, exit handlers\n"
	"    #0 PQfinish (/lib/libpq.so.5)\n"
	"    #1 0x550000001234 (/usr/bin/app+0x1234) (BuildId: 0123abcd)\n"
	"    #2 0x99\n"
	"    #3 __del__ /srv/app.py:40\n"
	"\n"
	"OPEN  1 opened, 0 failed, 0 finished, 1 open, peak 1 open\n"
	"    #0 PQconnectdb (/lib/libpq.so.5)\n"
	"    #1 0x550000001234 (/usr/bin/app+0x1234) (BuildId: 0123abcd)\n"
	"    #2 0x99\n"
	"    #3 other /srv/app.py:50\n"
	"  bob@db1:5432/app, backend 4711, socket 3\n"
	"\n"
	"MISUSE  connection of process 7 finished by its child %d\n"
	"    #0 PQfinish (/lib/libpq.so.5)\n"
	"    #1 0x550000001234 (/usr/bin/app+0x1234) (BuildId: 0123abcd)\n"
	"    #2 0x99\n"
	"    #3 __del__ /srv/app.py:40\n"
	"\n"
	"MISUSE  connection of process %d finished twice, 2 times\n"
	"    #0 PQfinish (/lib/libpq.so.5)\n"
	"    #1 0x550000001234 (/usr/bin/app+0x1234) (BuildId: 0123abcd)\n"
	"    #2 0x99\n"
	"    #3 again /srv/app.py:41\n"
	"  opened here\n"
	"    #0 PQconnectdb (/lib/libpq.so.5)\n"
	"    #1 0x550000001234 (/usr/bin/app+0x1234) (BuildId: 0123abcd)\n"
	"    #2 0x99\n"
	"    #3 handle_request /srv/app.py:19\n"
	"  finished here\n"
	"    #0 PQfinish (/lib/libpq.so.5)\n"
	"    #1 0x550000001234 (/usr/bin/app+0x1234) (BuildId: 0123abcd)\n"
	"    #2 0x99\n"
	"    #3 __del__ /srv/app.py:40\n"
	"\n"
	"RESULTS  1 of 2 (PGresult) not given back, made here\n"
	"    #0 PQexec (/lib/libpq.so.5)\n"
	"    #1 0x550000001234 (/usr/bin/app+0x1234) (BuildId: 0123abcd)\n"
	"    #2 0x99\n"
	"    #3 start_job /srv/app.py:30\n";

static void everything_on_record_is_written(void **state)
{
	struct written *written = written_new(WRITTEN_SIZE);
	struct ledger *ledger = &written->ledger;
	uint32_t opened = stack(ledger, "PQconnectdb", "handle_request", 19);
	uint32_t begun = stack(ledger, "PQexec", "start_job", 30);
	uint32_t closed = stack(ledger, "PQfinish", "__del__", 40);
	uint32_t first = connect_at(ledger, opened), second = connect_at(ledger, opened);
	uint32_t third = connect_at(ledger, opened);
	struct ledger_connection *record = ledger_record(ledger, LEDGER_CONNECTIONS, first);
	char expected[4096], *text;

	(void)state;
	record->begun_stack = begun;
	ledger_fail_connection(ledger, second, record->site, "53300");
	connect_at(ledger, stack(ledger, "PQconnectdb", "other", 50));
	ledger_end_connection(ledger, third,
			      &(struct ledger_end){
				      .site = record->site,
				      .closed_stack = closed,
				      .evidence = LEDGER_FINALIZING | LEDGER_EXITING });
	ledger_make_result(ledger, LEDGER_RESULT_PGRESULT, begun, 1);
	ledger_free_result(ledger, ledger_make_result(ledger, LEDGER_RESULT_PGRESULT, begun, 2));
	ledger_free_result(ledger, ledger_make_result(ledger, LEDGER_RESULT_CONNINFO, begun, 2));
	ledger_add_misuse(ledger, &(struct ledger_misuse){
					  .kind = LEDGER_MISUSE_INHERITED_FINISH, .stack = closed,
					  .count = 1,
					  .connection = { .owner_pid = 7,
							  .evidence = LEDGER_INHERITED } });
	/* The child may have been meant to have it: only other ledgers tell. */
	ledger_add_misuse(ledger, &(struct ledger_misuse){
					  .kind = LEDGER_MISUSE_INHERITED_USE, .stack = closed,
					  .count = 1,
					  .connection = { .owner_pid = 7,
							  .evidence = LEDGER_INHERITED } });
	ledger_add_misuse(ledger, &(struct ledger_misuse){
					  .kind = LEDGER_MISUSE_DOUBLE_FINISH,
					  .stack = stack(ledger, "PQfinish", "again", 41),
					  .count = 2,
					  .connection = { .opened_stack = opened,
							  .closed_stack = closed } });
	text = report_of(written);
	snprintf(expected, sizeof(expected), golden, getpid(), getpid(), getpid());
	assert_string_equal(text, expected);
	free(text);
	written_free(written);
}

static void what_was_closed_unseen_is_not_open(void **state)
{
	struct written *written = written_new(WRITTEN_SIZE);
	struct ledger *ledger = &written->ledger;
	uint32_t opened = stack(ledger, "PQconnectdb", "handle_request", 19);
	struct ledger_connection *record =
		ledger_record(ledger, LEDGER_CONNECTIONS, connect_at(ledger, opened));
	char *text;

	(void)state;
	assert_true(plain_report_is_failing(ledger));
	record->state = LEDGER_CLOSED_UNSEEN;
	record->begun_stack = opened;
	assert_false(plain_report_is_failing(ledger));
	text = report_of(written);
	assert_non_null(strstr(text, "1 connections opened, 0 finished, 0 open, peak 1 open"));
	assert_non_null(strstr(text, "socket 3, closed unseen: its socket is gone\n"));
	assert_null(strstr(text, "OPEN"));
	assert_null(strstr(text, "in a transaction"));
	free(text);
	connect_at(ledger, opened);
	assert_true(plain_report_is_failing(ledger));
	written_free(written);
}

/* Paths may have PATH_MAX bytes, names more: a line is cut, and the next one begins anew. */
static void a_line_that_is_too_long_is_cut_and_still_ends(void **state)
{
	struct written *written = written_new(WRITTEN_SIZE);
	struct ledger *ledger = &written->ledger;
	char *name = calloc(1, 20000), *text;
	uint32_t frames[6], sites = 0;

	(void)state;
	for (size_t length = 100; length < 20000; length = length * 3 / 2 + 7) {
		memset(name, 'n', length);
		name[length] = 0;
		for (uint32_t i = 0; i < 6; i++) {
			struct ledger_frame frame = { .function = string(ledger, name),
						      .line = i + 1,
						      .language = LEDGER_PYTHON };

			frames[i] = ledger_add_frame(ledger, &frame);
		}
		connect_at(ledger, ledger_add_stack(ledger, (uint32_t)length, frames, 6, 0));
		sites++;
	}
	text = report_of(written);
	uint32_t frame_lines = 0, site_lines = 0;

	for (const char *line = text; *line; line = strchr(line, '\n') + 1) {
		assert_non_null(strchr(line, '\n'));
		frame_lines += !strncmp(line, "    #", 5);
		site_lines += !strncmp(line, "OPEN  1 opened", 14);
	}
	assert_int_equal(frame_lines, 6 * sites);
	assert_int_equal(site_lines, sites);
	free(text);
	free(name);
	written_free(written);
}

static void a_reader_that_went_away_ends_the_report_only(void **state)
{
	struct written *written = written_new(WRITTEN_SIZE);
	int ends[2];

	(void)state;
	for (uint32_t line = 1; line < 200; line++)
		connect_at(&written->ledger, stack(&written->ledger, "PQconnectdb", "f", line));
	assert_int_equal(pipe(ends), 0);
	close(ends[0]);
	plain_report_write(&written->ledger, ends[1]);
	plain_report_write(&written->ledger, -1);
	close(ends[1]);
	written_free(written);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything_on_record_is_written),
		cmocka_unit_test(what_was_closed_unseen_is_not_open),
		cmocka_unit_test(a_line_that_is_too_long_is_cut_and_still_ends),
		cmocka_unit_test(a_reader_that_went_away_ends_the_report_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
