/* A scene: ledgers of one program, built in a few words, and the report on them. The
 * stacks are those that SQLAlchemy, psycopg2 and C programs really leave.
 */
#ifndef SCENE_H
#define SCENE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "analyze/analyze.h"
#include "analyze/suppressions.h"
#include "ledger_builder.h"

enum { SCENE_PROCESSES_MAX = 8, SCENE_FATES_MAX = 4 };

struct scene {
	struct ledger_builder *builders[SCENE_PROCESSES_MAX];
	struct reader *readers[SCENE_PROCESSES_MAX];
	size_t count;
	struct process_fate fates[SCENE_FATES_MAX];
	size_t fate_count;
	unsigned fail_on;
	const struct suppressions *suppressions;
	struct symbolizer *symbolizer;
	struct analysis_input asked; /* the reason and the limits; the rest is filled */
	struct report *report;
};

/* The modules and frames of a Python program that uses SQLAlchemy over psycopg2. */
struct python_scene {
	struct ledger_builder *builder;
	uint32_t main_module, libc, libpq, psycopg2;
	uint32_t connect_call, finish_call;
	uint32_t pool_frame, engine_frame; /* sqlalchemy's */
	uint32_t close_frame;              /* sqlalchemy's do_close, calls close() */
};

struct scene *scene_new(void);
void scene_free(struct scene *scene);

struct ledger_builder *scene_add(struct scene *scene, int pid);
struct python_scene python_scene(struct scene *scene, int pid);

/* PQconnectdb below psycopg2, SQLAlchemy and one line of the program. */
uint32_t python_opened(struct python_scene *python, const char *function, uint32_t line);
/* PQfinish in a deallocator below Py_FinalizeEx, nothing of Python on the stack. */
uint32_t python_finalize_stack(struct python_scene *python);
/* PQfinish below the collector, in the middle of `function`. */
uint32_t python_collect_stack(struct python_scene *python, const char *function);
/* PQfinish below do_close() below `function`. */
uint32_t python_close_stack(struct python_scene *python, const char *function);

/* Writes, reads, analyzes. The report is the scene's. */
const struct report *scene_report(struct scene *scene);

/* The site whose user line is in `function`; fails the test when there is none. */
const struct report_site *scene_site(const struct scene *scene, const char *function);

/* Asserts that a text has a part, and shows both when not. */
void assert_says(const char *text, const char *part);

#endif
