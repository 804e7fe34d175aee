/* Compiled programs: what libraries put into them, and what their drivers' causes say. */
#include "scene.h"

#include "fake_symbolizer.h"

/* Opened below `library`'s own module, at an address that the program's module has at 0x100. */
static uint32_t opened_below(struct ledger_builder *builder, const char *library)
{
	uint32_t program = builder_module(builder, "/srv/x", LEDGER_MODULE_MAIN);
	uint32_t module = builder_module(builder, library, 0);

	return builder_site(builder, BUILDER_STACK(builder, builder_call(builder, "PQconnectdb"),
						   builder_native(builder, module, 0x200),
						   builder_native(builder, program, 0x100)));
}

static void what_was_compiled_in_from_a_library_is_no_line_of_the_program(void **state)
{
	struct scene *scene = scene_new();
	struct ledger_builder *builder = scene_add(scene, 1);
	const struct report_site *site;

	(void)state;
	fake_line("/srv/x", 0x100, "connection", "/usr/include/pqxx/connection.hxx", 3);
	fake_line("/srv/x", 0x100, "open_one", "/srv/x.cc", 9);
	builder_open(builder, opened_below(builder, "/usr/lib/libpqxx-6.4.so"), 0);
	site = &scene_report(scene)->sites[0];
	assert_string_equal(site->user_line.function, "open_one");
	assert_string_equal(site->opened_stack.frames[2].library, "libpqxx");
	assert_false(site->opened_stack.frames[2].is_user);
	scene_free(scene);
}

static void the_main_that_rust_makes_is_no_line_of_the_program(void **state)
{
	struct scene *scene = scene_new();
	struct ledger_builder *builder = scene_add(scene, 1);
	uint32_t program = builder_module(builder, "/srv/x", LEDGER_MODULE_MAIN);
	const struct report_stack *stack;

	(void)state;
	fake_line("/srv/x", 0x100, "x::main", "/srv/main.rs", 9);
	fake_line("/srv/x", 0x110, "std::rt::lang_start", "/rustc/1/library/std/src/rt.rs", 5);
	fake_symbol("/srv/x", 0x120, "main");
	builder_open(builder, builder_site(builder, BUILDER_STACK(
		builder, builder_call(builder, "PQconnectdb"),
		builder_native(builder, program, 0x100), builder_native(builder, program, 0x110),
		builder_native(builder, program, 0x120))), 0);
	stack = &scene_report(scene)->sites[0].opened_stack;
	assert_true(stack->frames[1].is_user);
	assert_string_equal(stack->frames[3].function, "main");
	assert_false(stack->frames[3].is_user);
	assert_says(scene->report->sites[0].cure, "Drop");
	scene_free(scene);
}

static const struct {
	const char *library, *cure;
} rows[] = {
	{ "/usr/lib/libpqxx-6.4.so", "std::unique_ptr" },
	{ "/usr/lib/libecpg.so.6.15", "EXEC SQL DISCONNECT" },
	{ "/usr/lib/odbc/psqlodbcw.so", "SQLDisconnect" },
	{ "/usr/lib/libgdal.so.32", "GDALClose" },
	{ "/usr/lib/apr-util-1/apr_dbd_pgsql-1.so", "apr_dbd_close" },
	{ "/usr/lib/postgresql/15/lib/dblink.so", "dblink_disconnect" },
	{ "/srv/liborders.so", "PQfinish" },
};

static void the_cure_is_a_call_of_the_library_in_between(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct scene *scene = scene_new();
		struct ledger_builder *builder = scene_add(scene, 1);

		fake_line("/srv/x", 0x100, "open_one", "/srv/x.cc", 9);
		builder_open(builder, opened_below(builder, rows[i].library), 0);
		assert_says(scene_report(scene)->sites[0].cure, rows[i].cure);
		scene_free(scene);
	}
}

static void what_a_library_keeps_by_design_is_held_unless_it_was_cut_off(void **state)
{
	static const struct {
		enum ledger_process_end ended;
		enum verdict verdict;
	} ends[] = { { LEDGER_PROCESS_EXIT, VERDICT_HELD },
		     { LEDGER_PROCESS_UNDERSCORE_EXIT, VERDICT_LEAK } };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct scene *scene = scene_new();
		struct ledger_builder *builder = scene_add(scene, 1);
		const struct report_site *site;

		builder->header.ended = ends[i].ended;
		builder_open(builder, opened_below(builder, "/usr/lib/pg/postgres_fdw.so"), 0);
		site = &scene_report(scene)->sites[0];
		assert_int_equal(site->verdict, ends[i].verdict);
		assert_int_equal(site->at_fault, 1);
		scene_free(scene);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_compiled_in_from_a_library_is_no_line_of_the_program),
		cmocka_unit_test(the_main_that_rust_makes_is_no_line_of_the_program),
		cmocka_unit_test(the_cure_is_a_call_of_the_library_in_between),
		cmocka_unit_test(what_a_library_keeps_by_design_is_held_unless_it_was_cut_off),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
