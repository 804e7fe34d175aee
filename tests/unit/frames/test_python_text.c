/* A str of each width becomes UTF-8, and what is no str is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "fake_python.h"
#include "frames/peek.h"
#include "frames/python_object.h"

static struct fake_python fake;
static const unsigned minors[] = { 6, 11, 12 };

#define EACH_MINOR(i) (size_t i = 0; i < sizeof(minors) / sizeof(*minors); i++)

static void expect(uintptr_t object, size_t size, const char *expected)
{
	char text[64];

	memset(text, 'x', sizeof(text));
	assert_int_equal(0, python_text_read(object, text, size));
	assert_string_equal(expected, text);
}

static void each_width_becomes_utf8(void **state)
{
	static const uint8_t latin[] = { 'c', 'a', 'f', 0xe9 };
	static const uint16_t wide[] = { 'x', 0x4e2d, 0x20ac, 0x7ff };
	static const uint32_t wider[] = { 0x1d4d0, 'x', 0x10ffff };

	(void)state;
	for EACH_MINOR(i) {
		fake_python_init(&fake, minors[i]);
		expect(fake_text(&fake, "plain", 5, 1, 1), 64, "plain");
		expect(fake_text(&fake, "", 0, 1, 1), 64, "");
		expect(fake_text(&fake, latin, 4, 1, 0), 64, "caf\xc3\xa9");
		expect(fake_text(&fake, wide, 4, 2, 0), 64,
		       "x\xe4\xb8\xad\xe2\x82\xac\xdf\xbf");
		expect(fake_text(&fake, wider, 3, 4, 0), 64,
		       "\xf0\x9d\x93\x90x\xf4\x8f\xbf\xbf");
	}
}

static void a_lone_surrogate_is_replaced(void **state)
{
	static const uint16_t text[] = { 'a', 0xdcff, 'b' };

	(void)state;
	fake_python_init(&fake, 11);
	expect(fake_text(&fake, text, 3, 2, 0), 64, "a\xef\xbf\xbd" "b");
}

static void a_text_is_cut_at_a_character(void **state)
{
	static const uint16_t text[] = { 'a', 0x4e2d, 'b' };

	(void)state;
	fake_python_init(&fake, 11);
	expect(fake_text(&fake, text, 3, 2, 0), 6, "a\xe4\xb8\xad" "b");
	expect(fake_text(&fake, text, 3, 2, 0), 5, "a\xe4\xb8\xad");
	expect(fake_text(&fake, text, 3, 2, 0), 4, "a");
	expect(fake_text(&fake, text, 3, 2, 0), 2, "a");
	expect(fake_text(&fake, text, 3, 2, 0), 1, "");
}

static void what_is_no_text_is_refused(void **state)
{
	static const uint32_t beyond[] = { 'a', 0x110000 };
	char text[64];

	(void)state;
	for EACH_MINOR(i) {
		fake_python_init(&fake, minors[i]);

		uintptr_t object = fake_text(&fake, "plain", 5, 1, 1);
		uint64_t length = (uint64_t)1 << 40;

		assert_int_equal(-EFAULT, python_text_read(0, text, sizeof(text)));
		assert_int_equal(-EFAULT, python_text_read(object + 4, text, sizeof(text)));
		assert_int_equal(-EFAULT, python_text_read(fake_bytes(&fake, "x", 1), text,
							   sizeof(text)));
		assert_int_equal(-EFAULT, python_text_read(fake_text(&fake, beyond, 2, 4, 0), text,
							   sizeof(text)));
		assert_int_equal(-EFAULT, python_text_read(fake_text(&fake, "xxxxxx", 2, 3, 1),
							   text, sizeof(text)));
		memcpy((void *)(object + python_runtime.layout.text_length), &length,
		       sizeof(length));
		assert_int_equal(-EFAULT, python_text_read(object, text, sizeof(text)));
	}
}

static void a_c_string_is_cut_at_a_character(void **state)
{
	char text[8];

	(void)state;
	assert_int_equal(0, python_string_read((uintptr_t)"abc", text, sizeof(text)));
	assert_string_equal("abc", text);
	assert_int_equal(0, python_string_read((uintptr_t)"abcde\xe4\xb8\xad", text, sizeof(text)));
	assert_string_equal("abcde", text);
	assert_int_equal(0, python_string_read((uintptr_t)"abcd\xe4\xb8\xad" "e", text,
					       sizeof(text)));
	assert_string_equal("abcd\xe4\xb8\xad", text);
	assert_int_equal(-EFAULT, python_string_read(8, text, sizeof(text)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_width_becomes_utf8),
		cmocka_unit_test(a_lone_surrogate_is_replaced),
		cmocka_unit_test(a_text_is_cut_at_a_character),
		cmocka_unit_test(what_is_no_text_is_refused),
		cmocka_unit_test(a_c_string_is_cut_at_a_character),
	};

	return cmocka_run_group_tests_name("python text", tests, NULL, NULL);
}
