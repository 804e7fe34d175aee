/* What found no slot in a full ledger is told from the counters of its site. */
#include "scene.h"

/* The site's counter knows how many of those without a slot had failed. */
static void what_failed_without_a_slot_is_a_failed_one(void **state)
{
	static const struct {
		int opened, failed, finished, slots;
		uint64_t failed_unfinished, open;
		enum verdict expected;
	} rows[] = {
		{ 5, 5, 0, 2, 5, 0, VERDICT_FAILED },
		{ 5, 3, 0, 2, 3, 2, VERDICT_FAILED }, /* both slots are failed ones */
		{ 5, 1, 0, 2, 1, 4, VERDICT_LEAK },
		{ 5, 3, 1, 2, 2, 2, VERDICT_FAILED }, /* one of the failed was finished */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct scene *scene = scene_new();
		struct python_scene python = python_scene(scene, 1);
		struct ledger_builder *builder = python.builder;
		uint32_t site = builder_site(builder, python_opened(&python, "work", 1));
		const struct report *report;

		for (int j = 0; j < rows[i].opened; j++) {
			uint32_t id = builder_open(builder, site, 0);

			if (j < rows[i].failed)
				builder_fail(builder, id, "3D000");
			if (j < rows[i].finished)
				builder_finish(builder, id, 0,
					       python_collect_stack(&python, "work"), "");
		}
		builder->header.section[LEDGER_CONNECTIONS].used =
			(size_t)rows[i].slots * sizeof(struct ledger_connection);
		builder->header.section[LEDGER_CONNECTIONS].lost =
			(uint64_t)(rows[i].opened - rows[i].slots);
		report = scene_report(scene);
		assert_int_equal(report->sites[0].verdict, rows[i].expected);
		assert_int_equal(report->sites[0].count, rows[i].opened);
		assert_int_equal(report->sites[0].endings[ENDING_FAILED_UNFINISHED],
				 rows[i].failed_unfinished);
		assert_int_equal(report->sites[0].endings[ENDING_OPEN], rows[i].open);
		assert_int_equal(report->processes[0].open, rows[i].open);
		assert_int_equal(report->verdict_connections[rows[i].expected],
				 rows[i].expected == VERDICT_FAILED ? rows[i].failed_unfinished
								    : rows[i].open);
		scene_free(scene);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_failed_without_a_slot_is_a_failed_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
