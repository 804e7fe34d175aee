/* Stacks become sites: grouped by the program's own lines, over processes, with the names
 * of their frames. */
#include "scene.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fake_symbolizer.h"

/* A C program's site: PQconnectdb called at one address of main. */
static uint32_t native_site(struct ledger_builder *builder, uint32_t module, uint64_t offset)
{
	uint32_t call = builder_call(builder, "PQconnectdb");

	return builder_site(builder, BUILDER_STACK(builder, call,
						   builder_native(builder, module, offset)));
}

static void addresses_on_one_line_are_one_site(void **state)
{
	struct scene *scene = scene_new();
	struct ledger_builder *builder = scene_add(scene, 1);
	uint32_t module = builder_module(builder, "/srv/x", LEDGER_MODULE_MAIN);

	(void)state;
	fake_line("/srv/x", 0x100, "main", "/srv/x.c", 5);
	fake_line("/srv/x", 0x110, "main", "/srv/x.c", 5);
	fake_line("/srv/x", 0x120, "main", "/srv/x.c", 6);
	for (uint64_t offset = 0x100; offset <= 0x120; offset += 0x10)
		builder_open(builder, native_site(builder, module, offset), 0);
	assert_int_equal(scene_report(scene)->site_count, 2);
	assert_int_equal(scene->report->sites[0].count, 2);
	assert_int_equal(scene->report->sites[0].user_line.line, 5);
	assert_int_equal(scene->report->sites[1].user_line.line, 6);
	scene_free(scene);
}

static void without_lines_an_address_is_a_site(void **state)
{
	struct scene *scene = scene_new();
	struct ledger_builder *builder = scene_add(scene, 1);
	uint32_t module = builder_module(builder, "/srv/x", LEDGER_MODULE_MAIN);

	(void)state;
	fake_symbol("/srv/x", 0x100, "main");
	fake_symbol("/srv/x", 0x110, "main");
	builder_open(builder, native_site(builder, module, 0x100), 0);
	builder_open(builder, native_site(builder, module, 0x110), 0);
	assert_int_equal(scene_report(scene)->site_count, 2);
	scene_free(scene);
}

static void without_a_symbolizer_frames_have_module_and_offset(void **state)
{
	struct scene *scene = scene_new();
	struct ledger_builder *builder = scene_add(scene, 1);
	uint32_t module = builder_module(builder, "/srv/x", LEDGER_MODULE_MAIN);
	const struct report_frame *frame;

	(void)state;
	symbolizer_free(scene->symbolizer);
	scene->symbolizer = NULL;
	builder_open(builder, native_site(builder, module, 0x100), 0);
	frame = &scene_report(scene)->sites[0].opened_stack.frames[1];
	assert_string_equal(frame->language, "c");
	assert_string_equal(frame->function, "");
	assert_string_equal(frame->module, "/srv/x");
	assert_string_equal(frame->build_id, "deadbeef");
	assert_int_equal(frame->offset, 0x100);
	assert_true(frame->is_user);
	frame = &scene->report->sites[0].opened_stack.frames[0];
	assert_string_equal(frame->function, "PQconnectdb");
	assert_false(frame->is_user);
	scene_free(scene);
}

/* As psycopg_pool's worker threads: no frame is the program's, and the interpreter's own
 * differ once it has specialised its code. */
static void without_user_frames_those_of_the_language_make_the_site(void **state)
{
	struct scene *scene = scene_new();
	struct python_scene python = python_scene(scene, 1);
	struct ledger_builder *builder = python.builder;

	(void)state;
	for (uint64_t offset = 0x700; offset <= 0x710; offset += 0x10)
		builder_open(builder, builder_site(builder, BUILDER_STACK(
			builder, python.connect_call, python.pool_frame,
			builder_native(builder, python.main_module, offset),
			python.engine_frame)), 0);
	builder_open(builder, builder_site(builder, BUILDER_STACK(
		builder, python.connect_call, python.pool_frame)), 0);
	assert_int_equal(scene_report(scene)->site_count, 2);
	assert_int_equal(scene->report->sites[0].count, 2);
	scene_free(scene);
}

static void inlined_callers_are_frames(void **state)
{
	struct scene *scene = scene_new();
	struct ledger_builder *builder = scene_add(scene, 1);
	uint32_t module = builder_module(builder, "/srv/x", LEDGER_MODULE_MAIN);
	const struct report_stack *stack;

	(void)state;
	fake_line("/srv/x", 0x100, "open_one", "/srv/x.c", 3);
	fake_line("/srv/x", 0x100, "main", "/srv/x.c", 9);
	builder_open(builder, native_site(builder, module, 0x100), 0);
	stack = &scene_report(scene)->sites[0].opened_stack;
	assert_int_equal(stack->count, 3);
	assert_string_equal(stack->frames[1].function, "open_one");
	assert_string_equal(stack->frames[2].function, "main");
	assert_string_equal(scene->report->sites[0].user_line.function, "open_one");
	scene_free(scene);
}

static void the_processes_of_a_program_share_their_sites(void **state)
{
	struct scene *scene = scene_new();
	const struct report_site *site;

	(void)state;
	for (int pid = 1; pid <= 3; pid++) {
		struct python_scene python = python_scene(scene, pid);
		/* Other ids in each ledger. */
		uint32_t other = pid > 1 ? python_opened(&python, "other", 99) : 0;
		uint32_t stack = python_opened(&python, "work", 10);

		(void)other;
		python.builder->now_ns -= (uint64_t)pid * 100;
		builder_open(python.builder, builder_site(python.builder, stack), 0);
	}
	assert_int_equal(scene_report(scene)->site_count, 1);
	assert_int_equal(scene->report->process_count, 3);
	site = &scene->report->sites[0];
	assert_int_equal(site->count, 3);
	assert_int_equal(site->connection_count, 3);
	/* Oldest first, and each knows its process. */
	assert_int_equal(site->connections[0].pid, 3);
	assert_int_equal(site->connections[2].pid, 1);
	scene_free(scene);
}

static void a_fingerprint_is_the_same_in_every_run(void **state)
{
	char first[17] = "";

	(void)state;
	for (int run = 0; run < 2; run++) {
		struct scene *scene = scene_new();
		struct python_scene python = python_scene(scene, 100 + run);
		const struct report_site *site;

		if (run)
			builder_string(python.builder, "other ids");
		builder_open(python.builder, builder_site(python.builder,
			     python_opened(&python, "work", 10)), 0);
		builder_open(python.builder, builder_site(python.builder,
			     python_opened(&python, "more", 11)), 0);
		scene_report(scene);
		site = scene_site(scene, "work");
		assert_int_equal(strlen(site->fingerprint), 16);
		assert_string_not_equal(site->fingerprint, scene_site(scene, "more")->fingerprint);
		if (run)
			assert_string_equal(site->fingerprint, first);
		strcpy(first, site->fingerprint);
		scene_free(scene);
	}
}

static void the_user_line_has_its_source(void **state)
{
	char path[] = "/tmp/pqleak-test-XXXXXX";
	int fd = mkostemp(path, O_CLOEXEC);
	struct scene *scene = scene_new();
	struct ledger_builder *builder = scene_add(scene, 1);
	uint32_t module = builder_module(builder, "/srv/x", LEDGER_MODULE_MAIN);

	(void)state;
	assert_int_equal(write(fd, "one\n\t open(x);  \nthree", 22), 22);
	close(fd);
	for (uint32_t line = 2; line <= 4; line++) {
		fake_line("/srv/x", 0x100 * line, line == 2 ? "two" : line == 3 ? "three" : "four",
			  path, line);
		builder_open(builder, native_site(builder, module, 0x100 * line), 0);
	}
	scene_report(scene);
	assert_string_equal(scene_site(scene, "two")->user_source, "open(x);");
	assert_string_equal(scene_site(scene, "three")->user_source, "three");
	assert_string_equal(scene_site(scene, "four")->user_source, "");
	unlink(path);
	scene_free(scene);
}

static void write_perf_map(const char *text)
{
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "/tmp/perf-%d.map", getpid());
	file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void remove_perf_map(void)
{
	char path[64];

	snprintf(path, sizeof(path), "/tmp/perf-%d.map", getpid());
	unlink(path);
}

static void compiled_code_has_its_names_from_the_perf_map(void **state)
{
	struct scene *scene = scene_new();
	struct ledger_builder *builder = scene_add(scene, getpid());
	uint32_t stack = BUILDER_STACK(builder, builder_call(builder, "PQconnectdb"),
				       builder_native(builder, 0, 0x2010),
				       builder_native(builder, 0, 0x3000),
				       builder_python(builder, "work", "/srv/app.py", 3));
	const struct report_stack *opened;

	(void)state;
	builder->header.uid = getuid();
	builder_open(builder, builder_site(builder, stack), 0);
	/* 0x2010 is a return address: the call is the byte before it. */
	write_perf_map("2000 10 py::work:/srv/app.py\n2010 10 another\n");
	opened = &scene_report(scene)->sites[0].opened_stack;
	remove_perf_map();

	assert_int_equal(opened->count, 4);
	assert_string_equal(opened->frames[1].function, "py::work:/srv/app.py");
	assert_string_equal(opened->frames[1].library, "jit");
	assert_false(opened->frames[1].is_user);
	assert_string_equal(opened->frames[2].function, "");
	assert_string_equal(opened->frames[2].library, "unknown");
	scene_free(scene);
}

static void a_module_without_names_is_told_once(void **state)
{
	struct scene *scene = scene_new();
	const struct report *report;

	(void)state;
	fake_problem("/srv/old.so", "the file has another build-id");
	for (int pid = 1; pid <= 2; pid++) {
		struct ledger_builder *builder = scene_add(scene, pid);
		uint32_t module = builder_module(builder, "/srv/old.so", 0);
		uint32_t stack = BUILDER_STACK(builder, builder_call(builder, "PQconnectdb"),
					       builder_native(builder, module, 0x100),
					       builder_native(builder, module, 0x200));

		builder_open(builder, builder_site(builder, stack), 0);
	}
	report = scene_report(scene);
	assert_int_equal(report->nameless_count, 1);
	assert_string_equal(report->nameless[0].module, "/srv/old.so");
	assert_string_equal(report->nameless[0].problem, "the file has another build-id");
	scene_free(scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_on_one_line_are_one_site),
		cmocka_unit_test(without_lines_an_address_is_a_site),
		cmocka_unit_test(without_a_symbolizer_frames_have_module_and_offset),
		cmocka_unit_test(without_user_frames_those_of_the_language_make_the_site),
		cmocka_unit_test(inlined_callers_are_frames),
		cmocka_unit_test(the_processes_of_a_program_share_their_sites),
		cmocka_unit_test(a_fingerprint_is_the_same_in_every_run),
		cmocka_unit_test(the_user_line_has_its_source),
		cmocka_unit_test(compiled_code_has_its_names_from_the_perf_map),
		cmocka_unit_test(a_module_without_names_is_told_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
