/* What a script does in the moment that a connection ends, and where PHP's executor is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "fake_php.h"
#include "frames/php_layout.h"
#include "frames/php_moment.h"
#include "frames/php_walk.h"

enum { FRAMES_MAX = 8, FILE_OF_8_2 = 152, ASSIGN = 22, ASSIGN_OBJECT = 24, UNSET = 153 };

static struct fake_php fake;
static struct language_frame frames[FRAMES_MAX];

static size_t walk(void)
{
	bool is_truncated;

	return php_walk(frames, FRAMES_MAX, &is_truncated);
}

/* Operands of the method's first two oplines, of type 1 (a constant) and 8 (a variable). */
static void what_a_script_lets_go_on_purpose_is_told(void **state)
{
	static const struct {
		uint8_t opcode, operand_type;
		uint32_t value_type;
		bool is_reference;
		const char *expected;
	} rows[] = {
		{ ASSIGN, 1, PHP_NULL, false, "= null" },
		{ ASSIGN, 8, PHP_NULL, false, "= null" },
		{ ASSIGN, 8, PHP_NULL, true, "= null" },
		{ ASSIGN, 8, PHP_FALSE, false, "= null" },
		{ ASSIGN, 8, PHP_OBJECT, false, "" },
		{ ASSIGN, 8, PHP_OBJECT, true, "" },
		{ ASSIGN_OBJECT, 1, PHP_NULL, false, "= null" },
		{ ASSIGN_OBJECT, 8, PHP_NULL, false, "= null" },
		{ ASSIGN_OBJECT, 8, PHP_OBJECT, false, "" },
		{ UNSET, 0, 0, false, "unset" },
		{ 62, 1, PHP_NULL, false, "" },
	};
	struct language_moment moment;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct php_opline *opline;
		uintptr_t value, base;

		fake_php_init(&fake, FILE_OF_8_2);
		value = fake_php_value(&fake, 0, rows[i].value_type);
		if (rows[i].is_reference) {
			/* A reference's value is behind its counter. */
			uintptr_t inner = fake_php_value(&fake, 1, 0);

			memcpy((void *)(inner + 8), (void *)value, 8);
			fake_php_value(&fake, rows[i].value_type, 0);
			value = fake_php_value(&fake, inner, PHP_REFERENCE);
		}
		fake.oplines[0].opcode = rows[i].opcode;
		opline = &fake.oplines[rows[i].opcode == ASSIGN_OBJECT];
		base = rows[i].operand_type == 1 ? (uintptr_t)opline : (uintptr_t)fake.method;
		opline->first = opline->second = (int32_t)(value - base);
		opline->first_type = opline->second_type = rows[i].operand_type;
		memcpy((void *)(fake.runtime.globals + fake.runtime.current),
		       &(uintptr_t){ (uintptr_t)fake.method }, 8);
		php_read_moment(frames, walk(), &moment);
		assert_string_equal(rows[i].expected, moment.called);
	}
}

static void an_internal_function_is_what_is_called(void **state)
{
	struct language_moment moment;

	(void)state;
	fake_php_init(&fake, FILE_OF_8_2);
	php_read_moment(frames, walk(), &moment);
	assert_string_equal("pg_close", moment.called);
	assert_false(moment.is_finalizing);
	*fake.flags = 1;
	php_read_moment(frames, 0, &moment);
	assert_string_equal("", moment.called);
	assert_true(moment.is_finalizing);
}

/* What a PHP with threads exports in the place of its globals. */
extern size_t executor_globals_offset;
__attribute__((visibility("default"))) size_t executor_globals_offset = 8;

static void a_build_with_threads_is_refused(void **state)
{
	struct language_frame frame;
	bool is_truncated;

	(void)state;
	assert_int_equal(LANGUAGE_UNSUPPORTED, php.attach());
	assert_int_equal(0, php.walk(&frame, 1, &is_truncated));
}

static uintptr_t executed_file(void)
{
	return php_file_of(fake.method->function);
}

static uint32_t executed_line(void)
{
	return fake.oplines[0].line;
}

static uint32_t another_line(void)
{
	return fake.oplines[0].line + 1;
}

static void the_offsets_are_where_the_accessors_agree(void **state)
{
	static const uint32_t file_offsets[] = { 136, 152, 168 };
	struct php_runtime runtime;

	(void)state;
	for (size_t i = 0; i < sizeof(file_offsets) / sizeof(*file_offsets); i++) {
		fake_php_init(&fake, file_offsets[i]);
		runtime = (struct php_runtime){ .globals = fake.runtime.globals,
						.globals_size = fake.runtime.globals_size,
						.executed_file = executed_file,
						.executed_line = executed_line };
		/* The VM stack's top may look like a frame, too. */
		memcpy((void *)(fake.runtime.globals + 440),
		       &(uintptr_t){ (uintptr_t)fake.main }, 8);
		assert_int_equal(0, php_layout_match(&runtime));
		assert_int_equal(fake.runtime.current, runtime.current);
		assert_int_equal(fake.runtime.exception_op, runtime.exception_op);
		assert_int_equal(file_offsets[i], runtime.file);
		runtime.executed_line = another_line;
		assert_int_equal(-ENOTSUP, php_layout_match(&runtime));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_a_script_lets_go_on_purpose_is_told),
		cmocka_unit_test(an_internal_function_is_what_is_called),
		cmocka_unit_test(a_build_with_threads_is_refused),
		cmocka_unit_test(the_offsets_are_where_the_accessors_agree),
	};

	return cmocka_run_group_tests_name("php moment", tests, NULL, NULL);
}
