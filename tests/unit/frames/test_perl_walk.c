/* The walk over a Perl made of plain memory, whole and damaged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "damage.h"
#include "fake_perl.h"
#include "frames/peek.h"
#include "frames/perl_object.h"
#include "frames/perl_op.h"
#include "frames/perl_walk.h"

enum { FRAMES_MAX = 8, MINOR_FIRST = 32, MINOR_LAST = 42 };

static struct fake_perl fake;

/* Each version, with threads and without: `index` from 0 on. False after the last. */
static bool init_each(unsigned index)
{
	unsigned minor = MINOR_FIRST + index / 2 * 2;

	if (minor > MINOR_LAST)
		return false;
	fake_perl_init(&fake, minor, index % 2 == 0);
	return true;
}

static void every_version_shows_its_two_frames(void **state)
{
	(void)state;
	for (unsigned i = 0; init_each(i); i++) {
		struct language_frame frames[FRAMES_MAX];
		struct language_description description;
		bool is_truncated;

		assert_true(perl_is_alive(fake.interpreter));
		assert_int_equal(2, perl_walk(fake.interpreter, frames, FRAMES_MAX,
					      &is_truncated));
		assert_false(is_truncated);
		assert_int_equal(0, perl_describe(&frames[0], &description));
		assert_string_equal("Fake::Gr\xc3\xb6\xc3\x9f" "e::inner", description.function);
		assert_string_equal(FAKE_PERL_FILE, description.file);
		assert_int_equal(12, description.line);
		assert_int_equal(0, perl_describe(&frames[1], &description));
		assert_string_equal("(main)", description.function);
		assert_string_equal("/fake/main.pl", description.file);
		assert_int_equal(30, description.line);
	}
}

static void a_walk_that_has_no_room_says_so(void **state)
{
	(void)state;
	for (unsigned i = 0; init_each(i); i++) {
		struct language_frame frames[1];
		bool is_truncated;

		assert_int_equal(1, perl_walk(fake.interpreter, frames, 1, &is_truncated));
		assert_true(is_truncated);
	}
}

static void a_method_is_called_by_its_name(void **state)
{
	(void)state;
	for (unsigned i = 0; init_each(i); i++) {
		uintptr_t pad = peek_word(perl_variable(fake.interpreter, PERL_PAD));
		char called[LANGUAGE_ATTRIBUTE_MAX];

		perl_called(fake.call, pad, called, sizeof(called));
		assert_string_equal("disconnect", called);
		perl_called(fake.root, pad, called, sizeof(called));
		assert_string_equal("", called);
		perl_called(fake.call, pad, called, sizeof("disc"));
		assert_string_equal("disc", called);
	}
}

static void a_call_without_parts_has_no_name(void **state)
{
	char called[LANGUAGE_ATTRIBUTE_MAX];

	(void)state;
	fake_perl_init(&fake, 36, true);
	*(uint8_t *)(fake.call + 34) = 0;
	perl_called(fake.call, 0, called, sizeof(called));
	assert_string_equal("?", called);
}

static void a_destroy_in_c_is_told_and_has_no_frame(void **state)
{
	(void)state;
	for (unsigned i = 0; init_each(i); i++) {
		struct language_frame frames[FRAMES_MAX];
		bool is_truncated;

		assert_false(perl_is_destroying(fake.interpreter));
		assert_false(perl_has_destroy(fake.interpreter));
		fake_perl_destroy(&fake);
		assert_true(perl_is_destroying(fake.interpreter));
		assert_true(perl_has_destroy(fake.interpreter));
		assert_true(perl_is_alive(fake.interpreter));
		assert_int_equal(2, perl_walk(fake.interpreter, frames, FRAMES_MAX,
					      &is_truncated));
	}
}

static void the_end_of_a_program_is_told(void **state)
{
	(void)state;
	for (unsigned i = 0; init_each(i); i++) {
		assert_false(perl_is_ending(fake.interpreter));
		fake_perl_save(&fake, fake.call);
		assert_false(perl_is_ending(fake.interpreter));
		fake_perl_save(&fake, fake.root);
		fake_perl_save(&fake, fake.call);
		assert_true(perl_is_ending(fake.interpreter));

		/* An exit, among words that are no addresses. */
		assert_true(init_each(i));
		perl_runtime.exit_function = fake.package;
		fake_perl_save(&fake, 4096);
		fake_perl_save(&fake, UINTPTR_MAX - 7);
		fake_perl_save(&fake, fake.call);
		assert_false(perl_is_ending(fake.interpreter));
		memcpy((void *)(fake.call + 16), &fake.package, sizeof(fake.package));
		assert_true(perl_is_ending(fake.interpreter));

		assert_true(init_each(i));
		fake_perl_set_phase(&fake, 6);
		assert_true(perl_is_ending(fake.interpreter));
		assert_false(perl_is_running(fake.interpreter));
	}
}

static void a_program_that_was_left_is_told(void **state)
{
	int32_t none = -1;

	(void)state;
	for (unsigned i = 0; init_each(i); i++) {
		fake_perl_destroy(&fake);
		assert_false(perl_is_left(fake.interpreter));
		memcpy((void *)(fake.info + 32), &none, sizeof(none));
		assert_true(perl_is_left(fake.interpreter));
		/* It has not begun. */
		fake_perl_set_phase(&fake, 1);
		assert_false(perl_is_left(fake.interpreter));
	}
}

static void an_interpreter_that_is_gone_is_not_alive(void **state)
{
	(void)state;
	fake_perl_init(&fake, 36, true);
	assert_false(perl_is_alive(0));
	assert_false(perl_is_alive(fake.call));
	memset((void *)fake.interpreter, 0, perl_runtime.layout.size);
	assert_false(perl_is_alive(fake.interpreter));
	memset((void *)fake.interpreter, 0x5a, perl_runtime.layout.size);
	assert_false(perl_is_alive(fake.interpreter));
}

static void versions_that_are_not_known_are_refused(void **state)
{
	struct perl_layout layout;

	(void)state;
	assert_int_equal(-ENOTSUP, perl_layout_init(30, &layout));
	assert_int_equal(-ENOTSUP, perl_layout_init(37, &layout));
	assert_int_equal(-ENOTSUP, perl_layout_init(44, &layout));
	/* This program has none of Perl's variables. */
	assert_int_equal(-ENOTSUP, perl_layout_init_single(36, &layout));
}

/* Reads everything that can be read; only what is refused may be missing. */
static void read_all(void)
{
	struct language_frame frames[FRAMES_MAX];
	struct language_description description;
	char called[LANGUAGE_ATTRIBUTE_MAX];
	bool is_truncated;
	size_t count = perl_walk(fake.interpreter, frames, FRAMES_MAX, &is_truncated);

	assert_true(count <= FRAMES_MAX);
	for (size_t i = 0; i < count; i++) {
		int result = perl_describe(&frames[i], &description);

		assert_true(result == 0 || result == -EFAULT);
		if (result == 0) {
			assert_true(strlen(description.function) < sizeof(description.function));
			assert_true(strlen(description.file) < sizeof(description.file));
		}
	}
	perl_is_alive(fake.interpreter);
	perl_is_ending(fake.interpreter);
	perl_is_left(fake.interpreter);
	perl_is_destroying(fake.interpreter);
	perl_has_destroy(fake.interpreter);
	perl_called(fake.call, peek_word(perl_variable(fake.interpreter, PERL_PAD)), called,
		    sizeof(called));
	assert_true(strlen(called) < sizeof(called));
}

static void damaged_memory_gives_fewer_frames_never_a_crash(void **state)
{
	uint64_t seed = 0x9e3779b97f4a7c15;

	(void)state;
	peek_set_guarded(true);
	for (unsigned i = 0; init_each(i); i++)
		for (unsigned round = 0; round < 600; round++) {
			init_each(i);
			for (uint64_t changes = next_random(&seed) % 16; changes < 16; changes++)
				damage(fake.arena, fake.used, &seed);
			read_all();
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_version_shows_its_two_frames),
		cmocka_unit_test(a_walk_that_has_no_room_says_so),
		cmocka_unit_test(a_method_is_called_by_its_name),
		cmocka_unit_test(a_call_without_parts_has_no_name),
		cmocka_unit_test(a_destroy_in_c_is_told_and_has_no_frame),
		cmocka_unit_test(the_end_of_a_program_is_told),
		cmocka_unit_test(a_program_that_was_left_is_told),
		cmocka_unit_test(an_interpreter_that_is_gone_is_not_alive),
		cmocka_unit_test(versions_that_are_not_known_are_refused),
		cmocka_unit_test(damaged_memory_gives_fewer_frames_never_a_crash),
	};

	return cmocka_run_group_tests_name("perl walk", tests, NULL, NULL);
}
