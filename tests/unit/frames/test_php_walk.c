/* PHP's frames out of an executor made of plain memory, whole and damaged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "damage.h"
#include "fake_php.h"
#include "frames/peek.h"
#include "frames/php_moment.h"
#include "frames/php_walk.h"

enum { FRAMES_MAX = 8, FILE_OF_8_2 = 152 };

static struct fake_php fake;
static struct language_frame frames[FRAMES_MAX];
static const uint32_t file_offsets[] = { 136, 152, 168 };

static size_t walk(void)
{
	bool is_truncated;

	return php_walk(frames, FRAMES_MAX, &is_truncated);
}

static void expect_frame(size_t index, const char *function, const char *file, uint32_t line)
{
	struct language_description description;

	assert_int_equal(0, php_describe(&frames[index], &description));
	assert_string_equal(function, description.function);
	assert_string_equal(file, description.file);
	assert_int_equal(line, description.line);
}

static void every_version_shows_its_frames(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(file_offsets) / sizeof(*file_offsets); i++) {
		fake_php_init(&fake, file_offsets[i]);
		assert_int_equal(3, walk());
		expect_frame(0, "pg_close", "", 0);
		expect_frame(1, "Store->close", "/srv/store.php", 12);
		expect_frame(2, "{main}", "/srv/app.php", 12);
	}
}

static void without_an_object_it_is_the_class_s(void **state)
{
	(void)state;
	fake_php_init(&fake, FILE_OF_8_2);
	fake.method->self_type = 0;
	walk();
	expect_frame(1, "Store::close", "/srv/store.php", 12);
}

static void included_code_is_named_by_what_runs_it(void **state)
{
	static const struct {
		uint32_t kind;
		const char *name;
	} rows[] = { { 1, "eval" }, { 2, "include" }, { 4, "include_once" }, { 8, "require" },
		     { 16, "require_once" }, { 3, "{main}" } };
	uintptr_t nothing = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		fake_php_init(&fake, FILE_OF_8_2);
		memcpy((void *)(fake.method->function + PHP_FUNCTION_NAME), &nothing, 8);
		((struct php_opline *)fake.main->opline)->opcode = 73;
		((struct php_opline *)fake.main->opline)->value = rows[i].kind;
		walk();
		expect_frame(1, rows[i].name, "/srv/store.php", 12);
	}
}

static void a_walk_that_has_no_room_says_so(void **state)
{
	bool is_truncated;

	(void)state;
	fake_php_init(&fake, FILE_OF_8_2);
	assert_int_equal(2, php_walk(frames, 2, &is_truncated));
	assert_true(is_truncated);
	assert_int_equal(3, php_walk(frames, 3, &is_truncated));
	assert_false(is_truncated);
}

static void a_frame_that_an_exception_takes_apart_keeps_its_line(void **state)
{
	uintptr_t exception_op;

	(void)state;
	fake_php_init(&fake, FILE_OF_8_2);
	exception_op = fake.runtime.globals + fake.runtime.exception_op;
	memcpy((void *)(exception_op - 8), &(uintptr_t){ (uintptr_t)&fake.oplines[3] }, 8);
	fake.method->opline = exception_op + sizeof(struct php_opline);
	walk();
	expect_frame(1, "Store->close", "/srv/store.php", 15);
}

static void what_the_engine_does_itself_is_no_frame(void **state)
{
	(void)state;
	fake_php_init(&fake, FILE_OF_8_2);
	fake.internal->function = 0;
	assert_int_equal(2, walk());
	fake_php_init(&fake, FILE_OF_8_2);
	memset((void *)(fake.internal->function + PHP_FUNCTION_NAME), 0, 8);
	assert_int_equal(2, walk());
}

static void the_same_place_of_another_file_is_another_frame(void **state)
{
	struct language_frame before;

	(void)state;
	fake_php_init(&fake, FILE_OF_8_2);
	walk();
	before = frames[2];
	/* As the next request's script, at the same addresses. */
	memset((void *)(php_file_of(fake.main->function) + PHP_STRING_HASH), 0x77, 8);
	walk();
	assert_int_equal(before.code, frames[2].code);
	assert_int_not_equal(before.file, frames[2].file);
}

static void names_are_cut_and_repaired(void **state)
{
	static const struct {
		const char *bytes;
		size_t length;
		const char *expected;
	} rows[] = {
		{ "class@anonymous\0/srv/a.php:12$0", 31, "class@anonymous" },
		{ "caf\xe9", 4, "caf?" },
		{ "caf\xc3\xa9", 5, "caf\xc3\xa9" },
		{ "\xe4\xb8\xad\xff\xf0\x9f\x98\x80", 8, "\xe4\xb8\xad?\xf0\x9f\x98\x80" },
		{ "\xed\xa0\x80\xc0\x80\xf5", 6, "??????" },
		{ "0123456789abcde\xc3\xa9", 17, "0123456789abcde\xc3\xa9" },
		{ "0123456789abcdefghijklmnopqrst\xc3\xa9", 32, "0123456789abcdefghijklmnopqrst" },
	};
	char text[32];

	(void)state;
	fake_php_init(&fake, FILE_OF_8_2);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		uintptr_t string = fake_php_string(&fake, rows[i].bytes, rows[i].length);

		assert_int_equal(0, php_text_read(string, text, sizeof(text)));
		assert_string_equal(rows[i].expected, text);
	}
}

static void damaged_memory_gives_fewer_frames_never_a_crash(void **state)
{
	struct language_description description;
	struct language_moment moment;
	struct language_self self;
	uint64_t seed = 0x9e3779b97f4a7c15;

	(void)state;
	peek_set_guarded(true);
	for (unsigned round = 0; round < 5000; round++) {
		size_t count;

		fake_php_init(&fake, FILE_OF_8_2);
		for (uint64_t i = next_random(&seed) % 8; i < 8; i++)
			damage(fake.arena, fake.used, &seed);
		count = walk();
		assert_true(count <= FRAMES_MAX);
		for (size_t i = 0; i < count; i++) {
			if (php_describe(&frames[i], &description) == 0)
				assert_true(strlen(description.function) < LANGUAGE_NAME_MAX);
			php_read_self(&frames[i], &self);
		}
		php_read_moment(frames, count, &moment);
		assert_true(strlen(moment.called) < sizeof(moment.called));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_version_shows_its_frames),
		cmocka_unit_test(without_an_object_it_is_the_class_s),
		cmocka_unit_test(included_code_is_named_by_what_runs_it),
		cmocka_unit_test(a_walk_that_has_no_room_says_so),
		cmocka_unit_test(a_frame_that_an_exception_takes_apart_keeps_its_line),
		cmocka_unit_test(what_the_engine_does_itself_is_no_frame),
		cmocka_unit_test(the_same_place_of_another_file_is_another_frame),
		cmocka_unit_test(names_are_cut_and_repaired),
		cmocka_unit_test(damaged_memory_gives_fewer_frames_never_a_crash),
	};

	return cmocka_run_group_tests_name("php walk", tests, NULL, NULL);
}
