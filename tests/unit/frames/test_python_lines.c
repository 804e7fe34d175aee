/* Line tables of each kind, byte by byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "frames/python_lines.h"

struct row {
	unsigned minor;
	uint32_t first_line;
	int32_t position;
	uint32_t line;
	uint8_t size;
	uint8_t table[16];
};

#define ENTRY(code, units) (0x80 | (code) << 3 | ((units) - 1))

static const struct row rows[] = {
	/* lnotab: bytes on, lines on. */
	{ 6, 10, -1, 10, 0, { 0 } },
	{ 6, 10, 0, 10, 0, { 0 } },
	{ 6, 10, 0, 10, 4, { 2, 1, 4, 2 } },
	{ 7, 10, 1, 10, 4, { 2, 1, 4, 2 } },
	{ 8, 10, 2, 11, 4, { 2, 1, 4, 2 } },
	{ 9, 10, 6, 13, 4, { 2, 1, 4, 2 } },
	{ 9, 10, 60, 13, 4, { 2, 1, 4, 2 } },
	{ 9, 10, -1, 10, 4, { 0, 5, 4, 2 } },
	{ 9, 10, 0, 15, 4, { 0, 5, 4, 2 } },
	{ 9, 10, 4, 8, 4, { 2, 1, 2, 0xfd } },            /* back by three */
	{ 9, 10, 300, 211, 6, { 255, 0, 2, 127, 0, 74 } }, /* in two steps */
	/* linetable: a range's bytes, lines on before it. */
	{ 10, 10, -2, 10, 4, { 4, 0, 4, 2 } },
	{ 10, 10, 0, 10, 4, { 4, 0, 4, 2 } },
	{ 10, 10, 2, 10, 4, { 4, 0, 4, 2 } },
	{ 10, 10, 4, 12, 4, { 4, 0, 4, 2 } },
	{ 10, 10, 4, 0, 6, { 4, 0, 2, 0x80, 4, 1 } }, /* no line */
	{ 10, 10, 6, 11, 6, { 4, 0, 2, 0x80, 4, 1 } },
	{ 10, 10, 6, 9, 4, { 4, 0, 4, 0xff } },
	{ 10, 10, 50, 0, 4, { 4, 0, 4, 2 } }, /* behind the end */
	/* Locations: short, one line, no columns, long, none. */
	{ 11, 10, -2, 10, 2, { ENTRY(0, 1), 0x12 } },
	{ 11, 10, 0, 10, 2, { ENTRY(0, 1), 0x12 } },
	{ 11, 10, 2, 12, 5, { ENTRY(0, 1), 0x12, ENTRY(12, 2), 4, 9 } },
	{ 12, 10, 4, 12, 5, { ENTRY(0, 1), 0x12, ENTRY(12, 2), 4, 9 } },
	{ 13, 10, 0, 13, 2, { ENTRY(13, 1), 6 } },
	{ 13, 10, 0, 8, 2, { ENTRY(13, 1), 5 } },
	{ 14, 10, 14, 30, 6, { ENTRY(14, 8), 40, 1, 5, 6, 0 } },
	{ 14, 10, 2, 0, 3, { ENTRY(13, 1), 0, ENTRY(15, 1) } },
	{ 14, 10, 4, 11, 5, { ENTRY(13, 1), 0, ENTRY(15, 1), ENTRY(13, 1), 2 } },
	{ 15, 10, 0, 10 + 1000, 3, { ENTRY(13, 1), 0x40 | (2000 & 63), 2000 >> 6 } },
	{ 15, 10, 90, 0, 2, { ENTRY(13, 1), 6 } },
	/* What is no table ends it. */
	{ 12, 10, 0, 0, 0, { 0 } },
	{ 12, 10, 0, 0, 2, { 0x7f, 0x7f } },
};

static void each_row_has_its_line(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct row *row = &rows[i];
		struct peek_window table;

		peek_window_init(&table, (uintptr_t)row->table, row->size);

		uint32_t line = python_line(row->minor, &table, row->first_line, row->position);

		if (line != row->line)
			fail_msg("row %zu: line %u, not %u", i, line, row->line);
	}
}

static void a_location_has_its_columns(void **state)
{
	static const uint8_t bytes[] = {
		ENTRY(3, 2), 0x57,            /* columns 3 * 8 + 5, 7 on */
		ENTRY(11, 1), 4, 90,          /* a line on */
		ENTRY(14, 8), 2, 3, 5, 11,    /* a line on, three lines long */
		ENTRY(15, 1),
	};
	struct python_location location;
	struct peek_window table;

	(void)state;
	peek_window_init(&table, (uintptr_t)bytes, sizeof(bytes));
	python_location_init(&location, 7);

	assert_true(python_location_next(&location, &table));
	assert_int_equal(0, location.start);
	assert_int_equal(4, location.end);
	assert_int_equal(7, location.line);
	assert_int_equal(29, location.column);
	assert_int_equal(36, location.end_column);

	assert_true(python_location_next(&location, &table));
	assert_int_equal(8, location.line);
	assert_int_equal(8, location.end_line);
	assert_int_equal(4, location.column);
	assert_int_equal(90, location.end_column);

	assert_true(python_location_next(&location, &table));
	assert_int_equal(6, location.start);
	assert_int_equal(22, location.end);
	assert_int_equal(9, location.line);
	assert_int_equal(12, location.end_line);
	assert_int_equal(4, location.column);
	assert_int_equal(10, location.end_column);

	assert_true(python_location_next(&location, &table));
	assert_int_equal(-1, location.line);
	assert_int_equal(-1, location.column);
	assert_false(python_location_next(&location, &table));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_row_has_its_line),
		cmocka_unit_test(a_location_has_its_columns),
	};

	return cmocka_run_group_tests_name("python lines", tests, NULL, NULL);
}
