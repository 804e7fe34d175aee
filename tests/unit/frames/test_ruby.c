/* Ruby's frames, of a Ruby made for it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>

#include "fake_ruby.h"
#include "frames/language.h"

enum { MAX = 16 };

static struct fake_object app = { .flags = STRING, .text = "/srv/app.rb" };
static struct fake_object pool_file = { .flags = STRING, .text = "/gems/x/connection_pool.rb" };
static struct fake_object main_label = { .flags = STRING, .text = "<main>" };
static struct fake_object open_label = { .flags = STRING, .text = "open" };
static struct fake_object block_label = { .flags = STRING, .text = "block in open" };
static struct fake_object odd_label = { .flags = STRING, .text = "caf\xe9s" };
static struct fake_object main_code = { CODE, NULL, &main_label, &app };
static struct fake_object open_method = { METHOD, NULL, &open_label, &app };
static struct fake_object open_code = { CODE, NULL, &open_label, &app };
static struct fake_object block_code = { CODE, NULL, &block_label, &app };
static struct fake_object pool_code = { CODE, NULL, &odd_label, &pool_file };
static struct fake_object c_method = { .flags = METHOD };
static struct fake_object moved_code = { .flags = MOVED };
static struct fake_object self = { .flags = CLASS };

static const struct fake_entry stack_of_a_block[] = {
	{ &c_method, 0, NULL, NULL },
	{ &open_method, 12, &block_code, NULL },
	{ &c_method, 0, NULL, NULL },
	{ &open_method, 11, &open_code, NULL },
	{ &main_code, 20, &main_code, NULL },
	{ &main_code, 0, &main_code, NULL },
};

static size_t walk(struct language_frame *frames)
{
	bool is_truncated;

	return ruby.walk(frames, MAX, &is_truncated);
}

static void expect(const struct language_frame *frame, const char *function, const char *file,
		   uint32_t line)
{
	struct language_description description;

	assert_int_equal(0, ruby.describe(frame, &description));
	assert_string_equal(function, description.function);
	assert_string_equal(file, description.file);
	assert_int_equal(line, description.line);
}

static int attach(void **state)
{
	(void)state;
	return ruby.attach() != LANGUAGE_READY;
}

static void a_block_has_its_own_name_and_functions_in_c_are_left_out(void **state)
{
	struct language_frame frames[MAX];

	(void)state;
	fake_ruby_init(stack_of_a_block, 6);
	assert_int_equal(3, walk(frames));
	expect(&frames[0], "block in open", "/srv/app.rb", 12);
	expect(&frames[1], "open", "/srv/app.rb", 11);
	expect(&frames[2], "<main>", "/srv/app.rb", 20);
	assert_ptr_equal(fake.context[2] + 8 * FRAME_WORDS, frames[0].frame);
}

static void a_stack_that_does_not_agree_leaves_the_methods(void **state)
{
	struct language_frame frames[MAX];
	struct language_self read;

	(void)state;
	fake_ruby_init(stack_of_a_block, 6);
	fake.context[2] += 2 * 8 * FRAME_WORDS;
	assert_int_equal(3, walk(frames));
	expect(&frames[0], "open", "/srv/app.rb", 12);
	assert_int_equal(0, frames[0].frame);
	assert_int_equal(-EFAULT, ruby.read_self(&frames[0], &read));
}

static void a_pools_class_is_named_by_its_file(void **state)
{
	static const struct fake_entry entries[] = {
		{ &pool_code, 3, &pool_code, &self }, { &main_code, 20, &main_code, NULL } };
	struct language_frame frames[MAX];
	struct language_self read;

	(void)state;
	fake_ruby_init(entries, 2);
	assert_int_equal(2, walk(frames));
	expect(&frames[0], "caf?s", "/gems/x/connection_pool.rb", 3);
	assert_int_equal(0, ruby.read_self(&frames[0], &read));
	assert_string_equal("ConnectionPool", read.type);
	assert_ptr_equal(&self, read.address);
}

static void a_frame_whose_code_the_collector_moved_is_not_looked_at(void **state)
{
	static const struct fake_entry entries[] = {
		{ &moved_code, 3, &moved_code, NULL }, { &main_code, 20, &main_code, NULL } };
	struct language_frame frames[MAX];

	(void)state;
	fake_ruby_init(entries, 2);
	fake.has_lock = fake.is_collecting = true;
	assert_int_equal(0, walk(frames));
	fake_ruby_init(stack_of_a_block, 6);
	fake.has_lock = fake.is_collecting = true;
	assert_int_equal(3, walk(frames));
}

static void a_thread_that_is_not_rubys_has_no_frames(void **state)
{
	struct language_frame frames[MAX];

	(void)state;
	fake_ruby_init(stack_of_a_block, 6);
	fake.is_ruby_thread = false;
	assert_int_equal(0, walk(frames));
}

static void a_thread_that_runs_nothing_is_not_asked_for_its_stack(void **state)
{
	struct language_frame frames[MAX];
	struct language_moment moment;

	(void)state;
	fake_ruby_init(NULL, 0);
	fake.has_lock = true;
	assert_int_equal(0, walk(frames));
	ruby.read_moment(frames, 0, &moment);
	assert_string_equal("", moment.called);
}

static struct language_moment moment_of(bool has_lock, bool is_collecting)
{
	struct language_frame frames[MAX];
	struct language_moment moment;

	fake_ruby_init(stack_of_a_block, 6);
	fake.has_lock = has_lock;

	size_t count = walk(frames);

	fake.is_collecting = is_collecting;
	ruby.read_moment(frames, count, &moment);
	return moment;
}

static void what_is_called_and_collecting_is_known_with_the_lock_only(void **state)
{
	struct language_moment moment = moment_of(true, false);

	(void)state;
	assert_string_equal("finish", moment.called);
	assert_true(moment.is_collecting_known);
	assert_false(moment.is_collecting);
	moment = moment_of(true, true);
	assert_true(moment.is_collecting);
	assert_string_equal("", moment.called);
	moment = moment_of(false, true);
	assert_false(moment.is_collecting_known);
	assert_string_equal("", moment.called);
}

static void ruby_code_calls_nothing_in_c(void **state)
{
	static const struct fake_entry entries[] = {
		{ &open_method, 11, &open_code, NULL }, { &main_code, 20, &main_code, NULL } };
	struct language_frame frames[MAX];
	struct language_moment moment;

	(void)state;
	fake_ruby_init(entries, 2);
	fake.has_lock = true;
	ruby.read_moment(frames, walk(frames), &moment);
	assert_string_equal("", moment.called);
}

/* 0 when only a walk can tell. */
static uint64_t mark(size_t *ret_count)
{
	uint64_t mix = 1;
	bool is_known = false;

	*ret_count = ruby.mark(MAX, &mix, &is_known);
	return is_known ? mix : 0;
}

static void a_mark_is_of_the_codes_and_where_they_are(void **state)
{
	struct language_frame frames[MAX];
	uint64_t first;
	size_t count;

	(void)state;
	fake_ruby_init(stack_of_a_block, 6);
	walk(frames);
	first = mark(&count);
	assert_int_not_equal(0, first);
	assert_int_equal(4, count);
	assert_true(mark(&count) == first);
	uintptr_t *code = &fake.stack[STACK_WORDS - FRAME_WORDS + 2], before = *code;

	*code ^= 64;
	assert_true(mark(&count) != first);
	*code = before;
	fake.stack[STACK_WORDS - FRAME_WORDS] ^= 8;
	assert_true(mark(&count) != first);
	fake.stack[STACK_WORDS - FRAME_WORDS] ^= 8;
	assert_true(mark(&count) == first);
}

static void a_collection_begins_an_epoch(void **state)
{
	(void)state;
	fake.collections = 5;
	assert_int_equal(5, ruby.epoch());
	fake.collections++;
	assert_int_equal(6, ruby.epoch());
}

static void a_thread_that_collects_has_no_mark(void **state)
{
	size_t count;

	(void)state;
	fake_ruby_init(stack_of_a_block, 6);
	fake.is_collecting = true;
	assert_int_not_equal(0, mark(&count));
	fake.has_lock = true;
	assert_int_equal(0, mark(&count));
}

static void a_thread_that_is_not_rubys_is_marked_without_frames(void **state)
{
	size_t count;

	(void)state;
	fake_ruby_init(stack_of_a_block, 6);
	fake.is_ruby_thread = false;
	assert_int_not_equal(0, mark(&count));
	assert_int_equal(0, count);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		/* First: after a stack that did not agree there are no marks. */
		cmocka_unit_test(a_mark_is_of_the_codes_and_where_they_are),
		cmocka_unit_test(a_collection_begins_an_epoch),
		cmocka_unit_test(a_thread_that_collects_has_no_mark),
		cmocka_unit_test(a_thread_that_is_not_rubys_is_marked_without_frames),
		cmocka_unit_test(a_block_has_its_own_name_and_functions_in_c_are_left_out),
		cmocka_unit_test(a_stack_that_does_not_agree_leaves_the_methods),
		cmocka_unit_test(a_pools_class_is_named_by_its_file),
		cmocka_unit_test(a_frame_whose_code_the_collector_moved_is_not_looked_at),
		cmocka_unit_test(a_thread_that_is_not_rubys_has_no_frames),
		cmocka_unit_test(a_thread_that_runs_nothing_is_not_asked_for_its_stack),
		cmocka_unit_test(what_is_called_and_collecting_is_known_with_the_lock_only),
		cmocka_unit_test(ruby_code_calls_nothing_in_c),
	};

	return cmocka_run_group_tests_name("ruby", tests, attach, NULL);
}
