/* Numbers in files that anyone may have written. */
#include "symbolize/hexadecimal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const struct {
	const char *text;
	bool is_number;
	uint64_t number;
	size_t length;
} rows[] = {
	{ "0", true, 0, 1 },
	{ "7f12AbcD rest", true, 0x7f12abcd, 8 },
	{ "ffffffffffffffff", true, UINT64_MAX, 16 },
	{ "00000000000000000000001", true, 1, 23 },
	{ "10000000000000000", false, 0, 0 },
	{ "", false, 0, 0 },
	{ "-1", false, 0, 0 },
	{ "+1", false, 0, 0 },
	{ " 1", false, 0, 0 },
	{ "0x1", true, 0, 1 },
	{ "g", false, 0, 0 },
};

static void digits_are_read_and_nothing_else(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const char *at = rows[i].text;
		uint64_t number = 0;

		assert_int_equal(hexadecimal_read(&at, &number), rows[i].is_number);
		assert_int_equal(number, rows[i].number);
		assert_int_equal((size_t)(at - rows[i].text), rows[i].length);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(digits_are_read_and_nothing_else),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
