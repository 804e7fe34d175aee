/* Languages that are recognised and not read, and what V8 says of its functions. */
#include "scene.h"

#include <string.h>

#include "analyze/arena.h"
#include "analyze/javascript.h"

static const struct {
	const char *name, *function, *file;
	uint32_t line;
} rows[] = {
	{ "JS:~openOne /srv/app.js:12:17", "openOne", "/srv/app.js", 12 },
	{ "JS:*Pool.take /srv/my app/pool.js:3:9", "Pool.take", "/srv/my app/pool.js", 3 },
	{ "JS:^get size node:internal/url:80:11", "get size", "node:internal/url", 80 },
	{ "JS:+ file:///srv/app.mjs:4:2", "<anonymous>", "/srv/app.mjs", 4 },
	{ "JS:~ /srv/app.js:1:1", "<module>", "/srv/app.js", 1 },
	{ "LazyCompile:~openOne /srv/app.js:12", "openOne", "/srv/app.js", 12 },
	{ "Function:work /srv/app.js:7", "work", "/srv/app.js", 7 },
	{ "Eval:~ evalmachine.<anonymous>:1:1", "<module>", "evalmachine.<anonymous>", 1 },
	{ "JS:~openOne", NULL, NULL, 0 },
	{ "JS:", NULL, NULL, 0 },
	{ "JS:~f :1:1", "f", "", 1 },
	{ "JS:~f 12", NULL, NULL, 0 },
	{ "py::work:/srv/app.py", NULL, NULL, 0 },
	{ "Builtin:InterpreterEntryTrampoline", NULL, NULL, 0 },
	{ "BytecodeHandler:LdaGlobal", NULL, NULL, 0 },
};

static void a_function_of_v8_has_a_name_a_file_and_a_line(void **state)
{
	struct arena *arena = arena_new();

	(void)state;
	assert_int_equal(arena_begin(arena), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct report_frame frame = { .language = "c" };
		bool is_one = javascript_frame(arena, rows[i].name, &frame);

		if (is_one != (rows[i].function != NULL))
			fail_msg("%s is %s", rows[i].name, is_one ? "taken" : "refused");
		assert_string_equal(frame.language, is_one ? "javascript" : "c");
		if (!is_one)
			continue;
		assert_string_equal(frame.function, rows[i].function);
		assert_string_equal(frame.file, rows[i].file);
		assert_int_equal(frame.line, rows[i].line);
	}
	arena_free(arena);
}

/* One connection, opened and finished below `interpreter`. */
static const struct report *report_below(struct scene *scene, const char *interpreter)
{
	struct ledger_builder *builder = scene_add(scene, 1);
	uint32_t driver = builder_module(builder, "/usr/lib/driver.so", 0);
	uint32_t module = builder_module(builder, interpreter, 0);
	uint32_t opened = BUILDER_STACK(builder, builder_call(builder, "PQconnectdb"),
					builder_native(builder, driver, 0x10),
					builder_native(builder, module, 0x10));
	uint32_t closed = BUILDER_STACK(builder, builder_call(builder, "PQfinish"),
					builder_native(builder, driver, 0x20),
					builder_native(builder, module, 0x20));

	builder->header.unread_languages = 1u << LEDGER_TCL | 1u << LEDGER_JAVASCRIPT;
	builder_finish(builder, builder_open(builder, builder_site(builder, opened), 0), 0, closed,
		       "");
	return scene_report(scene);
}

/* A driver is called by Tcl's code, whether or not that is seen. */
static void an_interpreter_in_the_stacks_that_is_not_read_is_told(void **state)
{
	struct scene *scene = scene_new();
	const struct report *report = report_below(scene, "/usr/lib/libtcl8.6.so");
	const char *library;

	(void)state;
	assert_int_equal(report->processes[0].native_only_count, 1);
	assert_int_equal(report->processes[0].native_only[0], LEDGER_TCL);
	assert_int_equal(report->sites[0].endings[ENDING_CLOSED], 1);
	assert_int_equal(report_stack_caller(&report->sites[0].opened_stack, &library),
			 LEDGER_TCL);
	assert_string_equal(library, "driver");
	scene_free(scene);
}

/* Python's tkinter loads Tcl: that says nothing of a connection of Python's. */
static void an_interpreter_that_is_only_loaded_is_not_told(void **state)
{
	struct scene *scene = scene_new();
	const struct report *report = report_below(scene, "/usr/bin/python3.11");

	(void)state;
	assert_int_equal(report->processes[0].native_only_count, 0);
	assert_int_equal(report->sites[0].endings[ENDING_COLLECTED], 1);
	scene_free(scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_function_of_v8_has_a_name_a_file_and_a_line),
		cmocka_unit_test(an_interpreter_in_the_stacks_that_is_not_read_is_told),
		cmocka_unit_test(an_interpreter_that_is_only_loaded_is_not_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
