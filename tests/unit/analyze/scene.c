#include "scene.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fake_symbolizer.h"

#define SITE_PACKAGES "/usr/lib/python3/dist-packages"

struct scene *scene_new(void)
{
	struct scene *scene = calloc(1, sizeof(*scene));

	assert_non_null(scene);
	fake_symbols_clear();
	scene->symbolizer = symbolizer_new(NULL);
	scene->fail_on = 1u << VERDICT_LEAK | 1u << VERDICT_STUCK | 1u << VERDICT_FAILED |
			 1u << VERDICT_MISUSE;
	return scene;
}

void scene_free(struct scene *scene)
{
	report_free(scene->report);
	symbolizer_free(scene->symbolizer);
	for (size_t i = 0; i < scene->count; i++)
		builder_free(scene->builders[i]);
	free(scene);
}

struct ledger_builder *scene_add(struct scene *scene, int pid)
{
	assert_true(scene->count < SCENE_PROCESSES_MAX);
	scene->builders[scene->count] = builder_new(pid);
	return scene->builders[scene->count++];
}

struct python_scene python_scene(struct scene *scene, int pid)
{
	struct python_scene python = { .builder = scene_add(scene, pid) };
	struct ledger_builder *builder = python.builder;

	python.main_module = builder_module(builder, "/usr/bin/python3.11", LEDGER_MODULE_MAIN);
	python.libc = builder_module(builder, "/usr/lib/x86_64-linux-gnu/libc.so.6", 0);
	python.libpq = builder_module(builder, "/usr/lib/x86_64-linux-gnu/libpq.so.5.15",
				      LEDGER_MODULE_LIBPQ);
	python.psycopg2 = builder_module(builder, SITE_PACKAGES
		"/psycopg2/_psycopg.cpython-311-x86_64-linux-gnu.so", 0);
	python.connect_call = builder_call(builder, "PQconnectdb");
	python.finish_call = builder_call(builder, "PQfinish");
	python.pool_frame = builder_python(builder, "_ConnectionRecord.__connect",
					   SITE_PACKAGES "/sqlalchemy/pool/base.py", 681);
	python.engine_frame = builder_python(builder, "Session.execute",
					     SITE_PACKAGES "/sqlalchemy/orm/session.py", 1712);
	python.close_frame = builder_python(builder, "DefaultDialect.do_close",
					    SITE_PACKAGES "/sqlalchemy/engine/default.py", 692);
	fake_symbol("/usr/bin/python3.11", 0x100, "Py_FinalizeEx");
	fake_symbol("/usr/bin/python3.11", 0x200, "_PyEval_EvalFrameDefault");
	fake_symbol("/usr/bin/python3.11", 0x300, "subtype_dealloc");
	return python;
}

uint32_t python_opened(struct python_scene *python, const char *function, uint32_t line)
{
	struct ledger_builder *builder = python->builder;

	return BUILDER_STACK(builder, python->connect_call,
			     builder_native(builder, python->psycopg2, 0x4000),
			     python->pool_frame,
			     builder_native(builder, python->main_module, 0x200),
			     python->engine_frame,
			     builder_python(builder, function, "/srv/app.py", line),
			     builder_python(builder, "<module>", "/srv/app.py", 30),
			     builder_native(builder, python->libc, 0x271ca));
}

uint32_t python_finalize_stack(struct python_scene *python)
{
	struct ledger_builder *builder = python->builder;

	return BUILDER_STACK(builder, python->finish_call,
			     builder_native(builder, python->psycopg2, 0x5000),
			     builder_native(builder, python->main_module, 0x300),
			     builder_native(builder, python->main_module, 0x100),
			     builder_native(builder, python->libc, 0x271ca));
}

uint32_t python_collect_stack(struct python_scene *python, const char *function)
{
	struct ledger_builder *builder = python->builder;

	return BUILDER_STACK(builder, python->finish_call,
			     builder_native(builder, python->psycopg2, 0x5000),
			     builder_python(builder, function, "/srv/app.py", 25),
			     builder_native(builder, python->main_module, 0x200));
}

uint32_t python_close_stack(struct python_scene *python, const char *function)
{
	struct ledger_builder *builder = python->builder;

	return BUILDER_STACK(builder, python->finish_call,
			     builder_native(builder, python->psycopg2, 0x6000),
			     python->close_frame,
			     builder_python(builder, function, "/srv/app.py", 40),
			     builder_native(builder, python->main_module, 0x200));
}

const struct report *scene_report(struct scene *scene)
{
	struct analysis_input input = scene->asked;

	input.readers = scene->readers;
	input.reader_count = scene->count;
	input.fates = scene->fates;
	input.fate_count = scene->fate_count;
	input.symbolizer = scene->symbolizer;
	input.suppressions = scene->suppressions;
	input.fail_on = scene->fail_on;
	for (size_t i = 0; i < scene->count; i++) {
		char *path = builder_write(scene->builders[i]);
		enum reader_error error;

		scene->readers[i] = reader_open(path, &error);
		assert_non_null(scene->readers[i]);
		unlink(path);
		free(path);
	}
	report_free(scene->report);
	scene->report = analyze(&input);
	assert_non_null(scene->report);
	/* The report must outlive the ledgers. */
	for (size_t i = 0; i < scene->count; i++)
		reader_free(scene->readers[i]);
	return scene->report;
}

const struct report_site *scene_site(const struct scene *scene, const char *function)
{
	for (size_t i = 0; i < scene->report->site_count; i++)
		if (strcmp(scene->report->sites[i].user_line.function, function) == 0)
			return &scene->report->sites[i];
	fail_msg("no site in %s", function);
	return NULL;
}

void assert_says(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("\"%s\" does not say \"%s\"", text, part);
}
