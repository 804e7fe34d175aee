/* Append-only records: stored once, read back as they were, and counted when lost. */
#include "ledger/records.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "written.h"

static void a_string_is_stored_once_and_whole(void **state)
{
	struct written *written = written_new(WRITTEN_SIZE);
	const struct ledger_section *strings = &written->ledger.header->section[LEDGER_STRINGS];
	uint32_t ids[300];
	struct reader *reader;
	char text[300];

	(void)state;
	/* Every length modulo 8, and each a prefix of the next. */
	memset(text, 'x', sizeof(text));
	for (size_t length = 1; length < 300; length++) {
		uint64_t used = strings->used;

		ids[length] = ledger_add_string(&written->ledger, text, length);
		assert_int_not_equal(ids[length], 0);
		assert_true(strings->used > used);
	}
	uint64_t used = strings->used;

	for (size_t length = 1; length < 300; length++)
		assert_int_equal(ledger_add_string(&written->ledger, text, length), ids[length]);
	assert_int_equal(strings->used, used);
	assert_int_equal(strings->lost, 0);
	reader = written_read(written);
	for (size_t length = 1; length < 300; length++) {
		const char *read = reader_string(reader, ids[length]);

		assert_int_equal(strlen(read), length);
		assert_memory_equal(read, text, length);
	}
	assert_int_equal(reader_damaged(reader), 0);
	reader_free(reader);
	written_free(written);
}

static void no_text_is_no_string_and_nothing_lost(void **state)
{
	struct written *written = written_new(WRITTEN_SIZE);

	(void)state;
	assert_int_equal(ledger_add_string(&written->ledger, "", 0), 0);
	assert_int_equal(written->ledger.header->section[LEDGER_STRINGS].lost, 0);
	written_free(written);
}

/* What most connections have in common is known again without a lock. */
static void the_last_text_is_known_again_and_no_other(void **state)
{
	struct written *written = written_new(WRITTEN_SIZE);
	struct ledger *ledger = &written->ledger;
	uint32_t recent = 0, id = 4711;

	(void)state;
	assert_false(ledger_is_recent(ledger, "db1", &recent, &id));
	assert_int_equal(id, 4711);
	assert_int_equal(ledger_repeat_string(ledger, "db1", &recent),
			 ledger_add_string(ledger, "db1", 3));
	assert_true(ledger_is_recent(ledger, "db1", &recent, &id));
	assert_int_equal(id, recent);
	assert_false(ledger_is_recent(ledger, "db", &recent, &id));
	assert_false(ledger_is_recent(ledger, "db11", &recent, &id));
	assert_int_equal(id, recent);
	/* No text is none, whatever the last one was, and does not take its place. */
	for (int i = 0; i < 2; i++) {
		id = 4711;
		assert_true(ledger_is_recent(ledger, i ? "" : NULL, &recent, &id));
		assert_int_equal(id, 0);
		assert_int_equal(ledger_repeat_string(ledger, i ? "" : NULL, &recent), 0);
	}
	assert_true(ledger_is_recent(ledger, "db1", &recent, &id));
	assert_int_equal(ledger_repeat_string(ledger, "db2", &recent),
			 ledger_add_string(ledger, "db2", 3));
	assert_false(ledger_is_recent(ledger, "db1", &recent, &id));
	written_free(written);
}

static void a_string_beyond_the_limit_is_counted_as_lost(void **state)
{
	struct written *written = written_new(WRITTEN_SIZE);
	char *text = calloc(1, UINT16_MAX + 1);
	struct reader *reader;

	(void)state;
	memset(text, 'x', UINT16_MAX + 1);
	assert_int_equal(ledger_add_string(&written->ledger, text, UINT16_MAX + 1), 0);
	assert_int_equal(written->ledger.header->section[LEDGER_STRINGS].lost, 1);
	/* The longest there may be is wider than one step of growth. */
	uint32_t id = ledger_add_string(&written->ledger, text, UINT16_MAX);

	assert_int_not_equal(id, 0);
	reader = written_read(written);
	assert_int_equal(strlen(reader_string(reader, id)), UINT16_MAX);
	reader_free(reader);
	free(text);
	written_free(written);
}

static void a_full_section_counts_what_it_loses_and_keeps_the_rest(void **state)
{
	struct written *written = written_new(256 << 10);
	const struct ledger_section *strings = &written->ledger.header->section[LEDGER_STRINGS];
	struct reader *reader;
	char text[32];
	int kept = 0;

	(void)state;
	for (int i = 0; i < 10000; i++) {
		snprintf(text, sizeof(text), "text %d", i);
		kept += ledger_add_string(&written->ledger, text, strlen(text)) != 0;
	}
	assert_in_range(kept, 1000, 9999);
	assert_int_equal(strings->lost, 10000 - kept);
	assert_true(strings->used <= strings->capacity);
	/* What it has is still found, a shorter one may still fit. */
	assert_int_not_equal(written_string(written, "text 0"), 0);
	reader = written_read(written);
	for (int i = 0; i < kept; i++) {
		snprintf(text, sizeof(text), "text %d", i);
		assert_string_equal(reader_string(reader, written_string(written, text)), text);
	}
	assert_int_equal(reader_header(reader)->section[LEDGER_STRINGS].lost, 10000 - kept);
	reader_free(reader);
	written_free(written);
}

/* Each field of a frame and of a module alone makes it another one. */
static void records_are_one_only_when_all_their_bytes_are(void **state)
{
	struct written *written = written_new(WRITTEN_SIZE);
	union {
		struct ledger_frame frame;
		struct ledger_module module;
		unsigned char bytes[sizeof(struct ledger_module)];
	} record = { 0 };
	uint32_t frame = ledger_add_frame(&written->ledger, &record.frame);
	uint32_t module = ledger_add_module(&written->ledger, &record.module);

	(void)state;
	assert_int_equal(frame, 1);
	assert_int_equal(module, 1);
	for (size_t i = 0; i < sizeof(record.frame); i++) {
		record.bytes[i] ^= 0x80;
		assert_int_equal(ledger_add_frame(&written->ledger, &record.frame), i + 2);
		assert_int_equal(ledger_add_frame(&written->ledger, &record.frame), i + 2);
		record.bytes[i] ^= 0x80;
	}
	for (size_t i = 0; i < sizeof(record.module); i++) {
		record.bytes[i] ^= 0x80;
		assert_int_equal(ledger_add_module(&written->ledger, &record.module), i + 2);
		record.bytes[i] ^= 0x80;
	}
	assert_int_equal(ledger_add_frame(&written->ledger, &record.frame), frame);
	assert_int_equal(ledger_add_module(&written->ledger, &record.module), module);
	written_free(written);
}

static void stacks_are_read_back_frame_by_frame(void **state)
{
	struct written *written = written_new(4 * WRITTEN_SIZE);
	uint32_t frames[300], ids[300];
	struct reader *reader;

	(void)state;
	for (uint32_t i = 0; i < 300; i++)
		frames[i] = ledger_add_frame(&written->ledger,
					     &(struct ledger_frame){ .line = i + 1 });
	for (uint32_t count = 0; count < 300; count++)
		ids[count] = ledger_add_stack(&written->ledger, count, frames, count,
					      count % 2 ? LEDGER_STACK_TRUNCATED : 0);
	reader = written_read(written);
	for (uint32_t count = 0; count < 300; count++) {
		struct reader_stack stack = reader_stack(reader, ids[count]);

		assert_int_equal(stack.frame_count, count);
		assert_int_equal(stack.is_truncated, count % 2);
		for (size_t i = 0; i < count; i++)
			assert_int_equal(reader_frame(reader, stack.frames[i])->line, i + 1);
	}
	assert_int_equal(reader_damaged(reader), 0);
	reader_free(reader);
	written_free(written);
}

static void equal_misuses_are_counted_together(void **state)
{
	struct written *written = written_new(WRITTEN_SIZE);
	uint32_t stacks[2] = { written_stack(written, 1), written_stack(written, 2) };
	struct reader *reader;

	(void)state;
	for (uint32_t i = 0; i < 12; i++) {
		struct ledger_misuse misuse = {
			.kind = i / 2 % 2 ? LEDGER_MISUSE_INHERITED_FINISH :
					    LEDGER_MISUSE_INHERITED_USE,
			.stack = stacks[i % 2],
			.count = 1,
			.connection = { .handle = i + 1 },
		};

		assert_int_equal(ledger_add_misuse(&written->ledger, &misuse), i % 4 + 1);
	}
	reader = written_read(written);
	assert_int_equal(reader_count(reader, LEDGER_MISUSES), 4);
	for (uint32_t id = 1; id <= 4; id++) {
		assert_int_equal(reader_misuse(reader, id)->count, 3);
		assert_int_equal(reader_misuse(reader, id)->connection.handle, id);
	}
	reader_free(reader);
	written_free(written);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_string_is_stored_once_and_whole),
		cmocka_unit_test(no_text_is_no_string_and_nothing_lost),
		cmocka_unit_test(the_last_text_is_known_again_and_no_other),
		cmocka_unit_test(a_string_beyond_the_limit_is_counted_as_lost),
		cmocka_unit_test(a_full_section_counts_what_it_loses_and_keeps_the_rest),
		cmocka_unit_test(records_are_one_only_when_all_their_bytes_are),
		cmocka_unit_test(stacks_are_read_back_frame_by_frame),
		cmocka_unit_test(equal_misuses_are_counted_together),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
