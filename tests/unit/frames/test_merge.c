/* Native and language frames in one order. Upper case letters are native frames, lower
 * case ones the language's, innermost first. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdbool.h>
#include <string.h>

#include "frames/merge.h"

enum { MAX = 16, EVALUATOR = 1000 };

struct row {
	const char *name;
	const char *merged;
	/* Ends with a 0 pc: pc, stack pointer. */
	struct native_frame native[MAX];
	/* Ends with a 1: stack addresses. */
	uintptr_t addresses[MAX];
};

static bool is_evaluator(uintptr_t pc)
{
	return pc == EVALUATOR;
}

static const struct language language = { .id = LEDGER_PYTHON, .is_evaluator = is_evaluator };
static const struct language blind = { .id = LEDGER_RUBY };

static const struct row rows[] = {
	{ "nothing", "", { { 0, 0 } }, { 1 } },
	{ "no language frames", "ABC", { { 5, 100 }, { 5, 200 }, { 5, 300 }, { 0, 0 } }, { 1 } },
	{ "no native frames", "ab", { { 0, 0 } }, { 150, 250, 1 } },
	{ "one in each loop", "AaBCbDE",
	  { { 5, 100 }, { 5, 200 }, { 5, 300 }, { 5, 400 }, { 5, 500 }, { 0, 0 } },
	  { 250, 450, 1 } },
	{ "several in one loop", "AabcBCdDE",
	  { { 5, 100 }, { 5, 200 }, { 5, 300 }, { 5, 400 }, { 5, 500 }, { 0, 0 } },
	  { 250, 250, 250, 450, 1 } },
	{ "at a frame's first byte", "AaBC",
	  { { 5, 100 }, { 5, 200 }, { 5, 300 }, { 0, 0 } }, { 200, 1 } },
	{ "inside of the innermost", "aAB", { { 5, 100 }, { 5, 200 }, { 0, 0 } }, { 100, 1 } },
	{ "below all", "aAB", { { 5, 100 }, { 5, 200 }, { 0, 0 } }, { 50, 1 } },
	{ "a stack pointer is missing", "AaBCD",
	  { { 5, 100 }, { 5, 200 }, { 5, 0 }, { 5, 400 }, { 0, 0 } }, { 250, 1 } },
	{ "the native walk was cut", "ABaCbc",
	  { { 5, 100 }, { 5, 200 }, { 5, 300 }, { 0, 0 } }, { 350, 550, 750, 1 } },
	{ "the native walk was cut in a loop of several", "ABabCc",
	  { { 5, 100 }, { 5, 200 }, { 5, 300 }, { 0, 0 } }, { 350, 350, 750, 1 } },
	{ "an address is missing", "AabBCcD",
	  { { 5, 100 }, { 5, 200 }, { 5, 300 }, { 5, 400 }, { 0, 0 } }, { 250, 0, 450, 1 } },
	{ "one loop a frame", "AaBCbDE",
	  { { 5, 0 }, { EVALUATOR, 0 }, { 5, 0 }, { EVALUATOR, 0 }, { 5, 0 }, { 0, 0 } },
	  { 0, 0, 1 } },
	{ "more frames than loops", "AaBCbc",
	  { { 5, 0 }, { EVALUATOR, 0 }, { 5, 0 }, { 0, 0 } }, { 0, 0, 0, 1 } },
	{ "more loops than frames", "aABC",
	  { { EVALUATOR, 0 }, { EVALUATOR, 0 }, { 5, 0 }, { 0, 0 } }, { 0, 1 } },
	{ "addresses, but no stack pointers", "AabBC",
	  { { 5, 0 }, { EVALUATOR, 0 }, { EVALUATOR, 0 }, { 0, 0 } }, { 250, 450, 1 } },
};

static size_t fill(const struct row *row, struct language_frame *frames, size_t *ret_native)
{
	size_t count = 0;

	*ret_native = 0;
	while (row->native[*ret_native].pc != 0)
		++*ret_native;
	for (; row->addresses[count] != 1; count++)
		frames[count] = (struct language_frame){ .stack_address = row->addresses[count] };
	return count;
}

static void merge_to_text(const struct language *which, const struct row *row, char *text)
{
	struct language_frame frames[MAX];
	struct merged_frame merged[2 * MAX];
	size_t native_count;
	size_t frame_count = fill(row, frames, &native_count);
	size_t count = frames_merge(which, row->native, native_count, frames, frame_count, merged);

	for (size_t i = 0; i < count; i++) {
		bool is_native = merged[i].language == LEDGER_NATIVE;

		assert_true(is_native || merged[i].language == which->id);
		text[i] = (char)((is_native ? 'A' : 'a') + merged[i].index);
	}
	text[count] = 0;
}

static void each_row_is_in_order(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char text[2 * MAX + 1];

		merge_to_text(&language, &rows[i], text);
		if (strcmp(rows[i].merged, text) != 0)
			fail_msg("%s: %s, not %s", rows[i].name, text, rows[i].merged);
	}
}

static void without_any_mark_the_frames_are_one_block_at_the_end(void **state)
{
	static const struct row row = { "", "", { { 5, 100 }, { 5, 200 }, { 0, 0 } }, { 0, 0, 1 } };
	char text[2 * MAX + 1];

	(void)state;
	merge_to_text(&blind, &row, text);
	assert_string_equal("ABab", text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_row_is_in_order),
		cmocka_unit_test(without_any_mark_the_frames_are_one_block_at_the_end),
	};

	return cmocka_run_group_tests_name("merge", tests, NULL, NULL);
}
