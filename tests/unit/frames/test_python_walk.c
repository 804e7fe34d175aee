/* The walk over an interpreter made of plain memory, whole and damaged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "damage.h"
#include "fake_python.h"
#include "frames/peek.h"
#include "frames/python_moment.h"
#include "frames/python_object.h"
#include "frames/python_walk.h"

enum { MINOR_LAST = 12, FRAMES_MAX = 8 };

static struct fake_python fake;

static void every_version_shows_its_two_frames(void **state)
{
	(void)state;
	for (unsigned minor = PYTHON_MINOR_FIRST; minor <= MINOR_LAST; minor++) {
		struct language_frame frames[FRAMES_MAX];
		struct language_description description;
		bool is_truncated, is_clean;

		fake_python_init(&fake, minor);
		assert_int_equal(2, python_walk(fake.thread, frames, FRAMES_MAX, &is_truncated,
						&is_clean));
		assert_true(is_clean);
		assert_false(is_truncated);
		assert_int_equal(0, python_describe(&frames[0], &description));
		assert_string_equal("inner", description.function);
		assert_string_equal("/fake/inner.py", description.file);
		assert_int_equal(11, description.line);
		assert_int_equal(0, python_describe(&frames[1], &description));
		assert_string_equal("outer", description.function);
		assert_int_equal(21, description.line);
	}
}

static void a_walk_that_has_no_room_says_so(void **state)
{
	(void)state;
	for (unsigned minor = PYTHON_MINOR_FIRST; minor <= MINOR_LAST; minor++) {
		struct language_frame frames[1];
		bool is_truncated, is_clean;

		fake_python_init(&fake, minor);
		assert_int_equal(1, python_walk(fake.thread, frames, 1, &is_truncated, &is_clean));
		assert_true(is_truncated);
	}
}

static void self_is_the_object_and_its_bare_type(void **state)
{
	(void)state;
	for (unsigned minor = PYTHON_MINOR_FIRST; minor <= MINOR_LAST; minor++) {
		struct language_frame frames[FRAMES_MAX];
		struct language_self self;
		bool is_truncated, is_clean;

		fake_python_init(&fake, minor);
		python_walk(fake.thread, frames, FRAMES_MAX, &is_truncated, &is_clean);
		assert_int_equal(0, python_read_self(&frames[0], &self));
		assert_int_equal(fake.self, self.address);
		assert_string_equal("Pool", self.type);
	}
}

/* Reads everything that can be read; only what is refused may be missing. */
static void read_all(void)
{
	struct language_frame frames[FRAMES_MAX];
	struct language_description description;
	struct language_moment moment;
	struct language_self self;
	bool is_truncated, is_clean;
	size_t count = python_walk(fake.thread, frames, FRAMES_MAX, &is_truncated, &is_clean);

	assert_true(count <= FRAMES_MAX);
	for (size_t i = 0; i < count; i++) {
		int result = python_describe(&frames[i], &description);

		assert_true(result == 0 || result == -EFAULT);
		if (result == 0) {
			assert_true(strlen(description.function) < sizeof(description.function));
			assert_true(strlen(description.file) < sizeof(description.file));
		}
		result = python_read_self(&frames[i], &self);
		assert_true(result == 0 || result == -EFAULT);
	}
	python_read_moment(fake.thread, frames, count, &moment);
	assert_true(strlen(moment.called) < sizeof(moment.called));
}

static void damaged_memory_gives_fewer_frames_never_a_crash(void **state)
{
	uint64_t seed = 0x9e3779b97f4a7c15;

	(void)state;
	peek_set_guarded(true);
	for (unsigned minor = PYTHON_MINOR_FIRST; minor <= MINOR_LAST; minor++)
		for (unsigned round = 0; round < 1500; round++) {
			fake_python_init(&fake, minor);
			for (uint64_t i = next_random(&seed) % 8; i < 8; i++)
				damage(fake.arena, fake.used, &seed);
			read_all();
		}
}

static void a_frame_that_never_was_is_refused(void **state)
{
	static const uintptr_t addresses[] = { 0, 1, 8, 4096, UINTPTR_MAX, UINTPTR_MAX - 7,
					       (uintptr_t)1 << 47, (uintptr_t)1 << 63 };

	(void)state;
	for (int is_guarded = 0; is_guarded < 2; is_guarded++) {
		peek_set_guarded(is_guarded);
		fake_python_init(&fake, 12);
		for (size_t i = 0; i < sizeof(addresses) / sizeof(*addresses); i++) {
			struct language_frame frame = { .code = addresses[i],
							.frame = addresses[i] };
			struct language_description description;
			struct language_self self;

			if (!is_guarded && addresses[i] == 4096)
				continue; /* an address that could be one */
			assert_int_equal(-EFAULT, python_describe(&frame, &description));
			assert_int_equal(-EFAULT, python_read_self(&frame, &self));
		}
	}
	peek_set_guarded(true);
}

static void the_call_is_named(void **state)
{
	(void)state;
	for (unsigned minor = PYTHON_MINOR_FIRST; minor <= MINOR_LAST; minor++) {
		struct language_frame frames[FRAMES_MAX];
		struct language_moment moment;
		bool is_truncated, is_clean;

		fake_python_init(&fake, minor);
		python_walk(fake.thread, frames, FRAMES_MAX, &is_truncated, &is_clean);
		python_read_moment(fake.thread, frames, 2, &moment);
		/* This line table has no columns to find the callee of 3.11 by. */
		assert_string_equal(minor <= 10 ? "close" : "?", moment.called);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_version_shows_its_two_frames),
		cmocka_unit_test(a_walk_that_has_no_room_says_so),
		cmocka_unit_test(self_is_the_object_and_its_bare_type),
		cmocka_unit_test(damaged_memory_gives_fewer_frames_never_a_crash),
		cmocka_unit_test(a_frame_that_never_was_is_refused),
		cmocka_unit_test(the_call_is_named),
	};

	return cmocka_run_group_tests_name("python walk", tests, NULL, NULL);
}
