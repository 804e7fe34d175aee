/* No room on the file system: the host gets no SIGBUS, what was recorded stays readable
 * by others, what comes later is kept in private memory.
 *
 * Each test mounts a small tmpfs, in a mount namespace of this process.
 */
#include "ledger/writer.h"

#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "ledger/connections.h"
#include "ledger/reader.h"
#include "ledger/records.h"

enum { LEDGER_SIZE = 12 << 20, RECORDS = 3000 };

static char place[] = "/tmp/full-XXXXXX";
static bool can_mount;

static void place_mount(const char *options)
{
	assert_int_equal(mount("tmpfs", place, "tmpfs", 0, options), 0);
}

static void place_unmount(void)
{
	assert_int_equal(umount2(place, MNT_DETACH), 0);
}

static const char *text_of(uint32_t number, char *text)
{
	snprintf(text, 32, "host-%u.example", number);
	return text;
}

/* Everything is said by the number: it can be checked without a list. */
static uint32_t record_one(struct ledger *ledger, uint32_t number)
{
	char text[32];
	uint32_t frame = ledger_add_frame(ledger, &(struct ledger_frame){ .line = number });
	uint32_t stack = ledger_add_stack(ledger, number, &frame, 1, 0);

	text_of(number, text);
	return ledger_add_connection(ledger,
				     &(struct ledger_connection){
					     .state = LEDGER_OPEN,
					     .handle = number,
					     .opened_stack = stack,
					     .site = ledger_find_site(ledger, stack, number),
					     .host = ledger_add_string(ledger, text, strlen(text)),
				     });
}

static void check_in_memory(const struct ledger *ledger)
{
	for (uint32_t number = 1; number <= RECORDS; number++) {
		const struct ledger_connection *record =
			ledger_record(ledger, LEDGER_CONNECTIONS, number);
		const struct ledger_string *string =
			ledger_record(ledger, LEDGER_STRINGS, record->host);
		char text[32];

		assert_int_equal(record->handle, number);
		assert_int_equal(record->serial, number);
		assert_string_equal((const char *)(string + 1), text_of(number, text));
	}
	for (int kind = 0; kind < LEDGER_SECTION_COUNT; kind++)
		assert_int_equal(ledger->header->section[kind].lost, 0);
	assert_int_equal(ledger->header->opened, RECORDS);
}

/* `count` connections were complete when the file could not grow. */
static void check_on_file(const char *path, uint32_t count)
{
	enum reader_error error;
	struct reader *reader = reader_open(path, &error);

	assert_non_null(reader);
	assert_true(reader_header(reader)->flags & LEDGER_INCOMPLETE);
	assert_true(reader_count(reader, LEDGER_CONNECTIONS) >= count);
	for (uint32_t number = 1; number <= count; number++) {
		const struct ledger_connection *record = reader_connection(reader, number);
		struct reader_stack stack = reader_stack(reader, record->opened_stack);
		char text[32];

		assert_false(reader_is_torn(reader, LEDGER_CONNECTIONS, number));
		assert_int_equal(record->handle, number);
		assert_string_equal(reader_string(reader, record->host), text_of(number, text));
		assert_int_equal(stack.frame_count, 1);
		assert_int_equal(reader_frame(reader, stack.frames[0])->line, number);
		assert_int_equal(reader_site(reader, record->site)->opened_stack,
				 record->opened_stack);
	}
	assert_int_equal(reader_damaged(reader), 0);
	reader_free(reader);
}

/* Every size at which another section may be the one that finds no room. */
static void nothing_recorded_is_lost_when_the_file_cannot_grow(void **state)
{
	(void)state;
	if (!can_mount)
		skip(); /* needs a mount namespace: root, or one of the user's own */
	for (unsigned kibibytes = 80; kibibytes <= 760; kibibytes += 20) {
		struct ledger ledger = { 0 };
		char options[32];
		uint32_t shared = 0;

		snprintf(options, sizeof(options), "size=%uk", kibibytes);
		place_mount(options);
		assert_int_equal(ledger_open(&ledger, place, LEDGER_SIZE, "x", "/x"), 0);
		assert_false(ledger.is_private);
		for (uint32_t number = 1; number <= RECORDS; number++) {
			assert_int_equal(record_one(&ledger, number), number);
			if (!ledger.is_private)
				shared = number;
		}
		assert_true(ledger.is_private);
		assert_int_equal(ledger.private_error, ENOSPC);
		assert_true(shared < RECORDS);
		check_in_memory(&ledger);
		check_on_file(ledger.path, shared);
		ledger_forget(&ledger);
		place_unmount();
	}
}

static void a_file_system_that_grows_full_in_between_is_the_same(void **state)
{
	struct ledger ledger = { 0 };
	char path[PATH_MAX];
	uint32_t number = 1;

	(void)state;
	if (!can_mount)
		skip();
	place_mount("size=4m");
	assert_int_equal(ledger_open(&ledger, place, LEDGER_SIZE, "x", "/x"), 0);
	for (; number <= RECORDS / 10; number++)
		record_one(&ledger, number);
	assert_false(ledger.is_private);
	/* Somebody else takes all that is left. */
	snprintf(path, sizeof(path), "%s/other", place);
	FILE *other = fopen(path, "w");

	setvbuf(other, NULL, _IONBF, 0);
	while (fwrite(path, 1, sizeof(path), other) == sizeof(path))
		;
	fclose(other);
	for (; number <= RECORDS; number++)
		assert_int_equal(record_one(&ledger, number), number);
	assert_true(ledger.is_private);
	check_in_memory(&ledger);
	check_on_file(ledger.path, RECORDS / 10);
	ledger_forget(&ledger);
	place_unmount();
}

static void a_file_that_has_not_even_room_to_begin_is_taken_away(void **state)
{
	struct ledger ledger = { 0 };

	(void)state;
	if (!can_mount)
		skip();
	/* Two inodes, the directory's and the file's; no block for it. */
	place_mount("size=4k,nr_inodes=3");
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/other", place);
	FILE *other = fopen(path, "w");

	fputs("takes the only block", other);
	fclose(other);
	setenv("XDG_RUNTIME_DIR", "/tmp", 1);
	assert_int_equal(ledger_open(&ledger, place, LEDGER_SIZE, "x", "/x"), 0);
	assert_int_equal(ledger.dir_error, ENOSPC);
	assert_false(ledger.is_private);
	assert_memory_equal(ledger.path, "/tmp/pqleak/", 12);
	assert_int_equal(unlink(ledger.path), 0);
	rmdir("/tmp/pqleak");
	ledger_forget(&ledger);
	unlink(path);
	assert_int_equal(rmdir(place), -1);
	assert_int_equal(errno, EBUSY);
	place_unmount();
}

static void where_nothing_can_be_written_it_is_private_from_the_start(void **state)
{
	struct ledger ledger = { 0 };
	const char *const places[] = { "/dev/shm", "/tmp" };

	(void)state;
	if (!can_mount)
		skip();
	unsetenv("XDG_RUNTIME_DIR");
	assert_int_equal(mount("tmpfs", place, "tmpfs", MS_RDONLY, ""), 0);
	for (int i = 0; i < 2; i++)
		assert_int_equal(mount("tmpfs", places[i], "tmpfs", MS_RDONLY, ""), 0);
	assert_int_equal(ledger_open(&ledger, place, LEDGER_SIZE, "x", "/x"), 0);
	for (int i = 0; i < 2; i++)
		assert_int_equal(umount2(places[i], MNT_DETACH), 0);
	assert_true(ledger.is_private);
	assert_int_equal(ledger.private_error, EROFS);
	assert_string_equal(ledger.path, "");
	for (uint32_t number = 1; number <= RECORDS; number++)
		assert_int_equal(record_one(&ledger, number), number);
	check_in_memory(&ledger);
	ledger_forget(&ledger);
	place_unmount();
}

static void a_read_only_directory_gives_way_to_the_default_place(void **state)
{
	char runtime[] = "/tmp/runtime-XXXXXX", expected[PATH_MAX];
	struct ledger ledger = { 0 };

	(void)state;
	if (!can_mount)
		skip();
	assert_non_null(mkdtemp(runtime));
	setenv("XDG_RUNTIME_DIR", runtime, 1);
	snprintf(expected, sizeof(expected), "%s/pqleak/", runtime);
	assert_int_equal(mount("tmpfs", place, "tmpfs", MS_RDONLY, ""), 0);
	assert_int_equal(ledger_open(&ledger, place, LEDGER_SIZE, "x", "/x"), 0);
	assert_false(ledger.is_private);
	assert_int_equal(ledger.dir_error, EROFS);
	assert_memory_equal(ledger.path, expected, strlen(expected));
	assert_int_equal(unlink(ledger.path), 0);
	expected[strlen(expected) - 1] = 0;
	assert_int_equal(rmdir(expected), 0);
	assert_int_equal(rmdir(runtime), 0);
	ledger_forget(&ledger);
	place_unmount();
}

/* As root, or as a user who may have a namespace. */
static int prepare(void **state)
{
	(void)state;
	can_mount = (!unshare(CLONE_NEWNS) || !unshare(CLONE_NEWUSER | CLONE_NEWNS)) &&
		    !mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL);
	return mkdtemp(place) ? 0 : -1;
}

static int clean_up(void **state)
{
	(void)state;
	return rmdir(place);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_recorded_is_lost_when_the_file_cannot_grow),
		cmocka_unit_test(a_file_system_that_grows_full_in_between_is_the_same),
		cmocka_unit_test(a_file_that_has_not_even_room_to_begin_is_taken_away),
		cmocka_unit_test(where_nothing_can_be_written_it_is_private_from_the_start),
		cmocka_unit_test(a_read_only_directory_gives_way_to_the_default_place),
	};

	return cmocka_run_group_tests(tests, prepare, clean_up);
}
