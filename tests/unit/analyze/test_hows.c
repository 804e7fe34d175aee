/* Which machinery closed a connection is told from what was seen, one row a story. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "scene.h"

#include "analyze/endings.h"
#include "analyze/hows.h"

enum { FRAMES_MAX = 8 };

#define FRAME(in_language, in_library, name, path, in_module) { .language = in_language, \
	.function = name, .file = path, .module = in_module, .build_id = "", .library = in_library }
#define NATIVE(in_library, name) FRAME("c", in_library, name, "", "")
#define LOADER FRAME("c", "libc", "", "", "/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2")
#define PYTHON(name, path) FRAME("python", "", name, path, "")
#define PHP(name, path) FRAME("php", "", name, path, "")
#define PHP_MAIN PHP("{main}", "/srv/app.php")
#define PHP_CLOSE PHP("pg_close", "")
#define PHP_DESTRUCTOR PHP("Store->__destruct", "/srv/store.php")
#define REQUEST_ENDS NATIVE("php", "php_request_shutdown")
#define FINISH NATIVE("libpq", "PQfinish")
#define DEALLOC NATIVE("psycopg2", "connection_dealloc")
#define HANDLERS NATIVE("libc", "__run_exit_handlers")
#define EXIT NATIVE("libc", "exit")
#define KNOWN LEDGER_COLLECTING_KNOWN

static const struct {
	const char *story;
	unsigned evidence;
	const char *called;
	struct report_frame frames[FRAMES_MAX]; /* ends with a frame without language */
	enum ending ending;
	enum how expected;
} rows[] = {
	{ "close()", KNOWN, "close", { FINISH, PYTHON("main", "/srv/app.py") },
	  ENDING_CLOSED, HOW_CALL },
	{ "C calls PQfinish", 0, "", { FINISH, NATIVE("", "main") }, ENDING_CLOSED, HOW_CALL },
	{ "a failed connect", LEDGER_WAS_FAILED | KNOWN, "",
	  { FINISH, DEALLOC, PYTHON("main", "/srv/app.py") }, ENDING_CLOSED, HOW_FAILED_CONNECT },
	{ "a cycle", LEDGER_COLLECTING | KNOWN, "collect",
	  { FINISH, DEALLOC, PYTHON("main", "/srv/app.py") }, ENDING_COLLECTED, HOW_COLLECTOR },
	{ "__del__ called by the collector", LEDGER_COLLECTING | KNOWN, "close",
	  { FINISH, PYTHON("Wrapper.__del__", "/srv/app.py") }, ENDING_COLLECTED, HOW_COLLECTOR },
	{ "the last reference", KNOWN, "", { FINISH, DEALLOC, PYTHON("main", "/srv/app.py") },
	  ENDING_COLLECTED, HOW_REFERENCE },
	{ "__del__", KNOWN, "close",
	  { FINISH, PYTHON("Wrapper.__del__", "/srv/app.py"), PYTHON("main", "/srv/app.py") },
	  ENDING_COLLECTED, HOW_FINALISER },
	{ "weakref.finalize", KNOWN, "close",
	  { FINISH, PYTHON("finalize.__call__", "/usr/lib/python3.11/weakref.py") },
	  ENDING_COLLECTED, HOW_FINALISER },
	{ "nobody could tell", 0, "", { FINISH, DEALLOC, PYTHON("main", "/srv/app.py") },
	  ENDING_COLLECTED, HOW_COLLECTION },
	{ "unreadable, but the collector has a name", 0, "",
	  { FINISH, DEALLOC, NATIVE("python", "gc_collect_main") },
	  ENDING_COLLECTED, HOW_COLLECTOR },
	{ "the interpreter shuts down", LEDGER_FINALIZING | LEDGER_COLLECTING | KNOWN, "",
	  { FINISH, DEALLOC, NATIVE("python", "Py_FinalizeEx") },
	  ENDING_SHUTDOWN, HOW_INTERPRETER },
	{ "the interpreter shuts down, no names", LEDGER_FINALIZING | KNOWN, "",
	  { FINISH, NATIVE("psycopg2", "") }, ENDING_SHUTDOWN, HOW_INTERPRETER },
	{ "the interpreter shuts down in an exit handler", LEDGER_FINALIZING | KNOWN, "",
	  { FINISH, DEALLOC, NATIVE("python", "Py_FinalizeEx"), HANDLERS, EXIT },
	  ENDING_SHUTDOWN, HOW_INTERPRETER },
	{ "atexit of Python", KNOWN, "close",
	  { FINISH, PYTHON("clean_up", "/srv/app.py"), NATIVE("python", "Py_FinalizeEx") },
	  ENDING_SHUTDOWN, HOW_EXIT_HANDLER },
	{ "atexit of Python calls a C function", KNOWN, "",
	  { FINISH, NATIVE("psycopg2", ""), NATIVE("python", "Py_FinalizeEx") },
	  ENDING_SHUTDOWN, HOW_EXIT_HANDLER },
	{ "unknown interpreter shuts down", 0, "",
	  { FINISH, DEALLOC, NATIVE("python", "Py_FinalizeEx") },
	  ENDING_SHUTDOWN, HOW_INTERPRETER },
	{ "unknown interpreter's atexit", 0, "",
	  { FINISH, NATIVE("psycopg2", ""), NATIVE("python", "atexit_callfuncs"),
	    NATIVE("python", "Py_FinalizeEx") }, ENDING_SHUTDOWN, HOW_EXIT_HANDLER },
	{ "atexit of C", 0, "", { FINISH, NATIVE("", "clean_up"), HANDLERS, EXIT },
	  ENDING_SHUTDOWN, HOW_EXIT_HANDLER },
	{ "atexit of C, as a tail call, libc without names", 0, "",
	  { FINISH, NATIVE("libc", ""), EXIT }, ENDING_SHUTDOWN, HOW_EXIT_HANDLER },
	{ "a destructor on the way of an exit handler", 0, "",
	  { FINISH, NATIVE("", "~Connection"), NATIVE("", "clean_up"), HANDLERS, EXIT },
	  ENDING_SHUTDOWN, HOW_EXIT_HANDLER },
	{ "a static object", 0, "", { FINISH, NATIVE("", "Pool::~Pool()"), HANDLERS, EXIT },
	  ENDING_SHUTDOWN, HOW_STATIC_DESTRUCTOR },
	{ "a static object, mangled", 0, "",
	  { FINISH, NATIVE("", "_ZN4PoolD1Ev"), NATIVE("libc", ""), EXIT },
	  ENDING_SHUTDOWN, HOW_STATIC_DESTRUCTOR },
	{ "an exit handler of C++, mangled", 0, "",
	  { FINISH, NATIVE("", "_ZN4Pool5closeEv"), HANDLERS, EXIT },
	  ENDING_SHUTDOWN, HOW_EXIT_HANDLER },
	{ "a library's destructor", 0, "", { FINISH, NATIVE("libc", "_dl_fini"), HANDLERS, EXIT },
	  ENDING_SHUTDOWN, HOW_STATIC_DESTRUCTOR },
	{ "the same, ld.so without names", 0, "",
	  { FINISH, NATIVE("", ""), LOADER, NATIVE("libc", ""), EXIT },
	  ENDING_SHUTDOWN, HOW_STATIC_DESTRUCTOR },
	{ "after our own destructor, no stack", LEDGER_EXITING, "", { { 0 } },
	  ENDING_SHUTDOWN, HOW_STATIC_DESTRUCTOR },
	{ "pg_close()", KNOWN, "pg_close", { FINISH, PHP_CLOSE, PHP_MAIN },
	  ENDING_CLOSED, HOW_CALL },
	{ "null to PDO's last variable", KNOWN, "= null", { FINISH, PHP_MAIN },
	  ENDING_CLOSED, HOW_CALL },
	{ "unset runs PHP's destructor", KNOWN, "unset",
	  { FINISH, PHP_CLOSE, PHP_DESTRUCTOR, PHP_MAIN }, ENDING_CLOSED, HOW_CALL },
	{ "PHP's destructor", KNOWN, "pg_close",
	  { FINISH, PHP_CLOSE, PHP_DESTRUCTOR, PHP_MAIN }, ENDING_COLLECTED, HOW_FINALISER },
	{ "out of PHP's scope", KNOWN, "", { FINISH, PHP_MAIN }, ENDING_COLLECTED, HOW_REFERENCE },
	{ "unset starts PHP's collector", LEDGER_COLLECTING | KNOWN, "unset", { FINISH, PHP_MAIN },
	  ENDING_COLLECTED, HOW_COLLECTOR },
	{ "PHP's request ends", LEDGER_FINALIZING | KNOWN, "", { FINISH, REQUEST_ENDS },
	  ENDING_SHUTDOWN, HOW_REQUEST },
	{ "PHP's request ends, and runs a destructor", LEDGER_FINALIZING | KNOWN, "pg_close",
	  { FINISH, PHP_CLOSE, PHP_DESTRUCTOR, REQUEST_ENDS }, ENDING_SHUTDOWN, HOW_REQUEST },
	{ "PHP's request ends, and runs a shutdown function", LEDGER_FINALIZING | KNOWN, "pg_close",
	  { FINISH, PHP_CLOSE, PHP("{closure}", "/srv/app.php"), REQUEST_ENDS },
	  ENDING_SHUTDOWN, HOW_EXIT_HANDLER },
	{ "PHP's exit() takes the frames apart", LEDGER_FINALIZING | KNOWN, "",
	  { FINISH, PHP("work", "/srv/app.php") }, ENDING_SHUTDOWN, HOW_REQUEST },
	{ "a request of an unknown PHP ends", 0, "", { FINISH, REQUEST_ENDS },
	  ENDING_SHUTDOWN, HOW_REQUEST },
	{ "PHP's process ends", LEDGER_FINALIZING | KNOWN, "",
	  { FINISH, NATIVE("php", "php_module_shutdown") }, ENDING_SHUTDOWN, HOW_INTERPRETER },
	{ "a child finishes its parent's", LEDGER_INHERITED, "", { FINISH },
	  ENDING_CHILD_FINISH, HOW_CHILD },
};

static void every_story_has_its_machinery(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bool is_known = rows[i].evidence & KNOWN || !strstr(rows[i].story, "unknown");
		struct report_stack stack = { .frames = rows[i].frames };
		enum ending ending;
		enum how how;

		while (stack.count < FRAMES_MAX && rows[i].frames[stack.count].language)
			stack.count++;
		ending = ending_of_finished(rows[i].evidence, &stack, rows[i].called, is_known);
		how = how_of_finished(ending, rows[i].evidence, &stack, is_known);
		if (ending != rows[i].ending || how != rows[i].expected)
			fail_msg("%s: %s, %s", rows[i].story, ending_name(ending), how_name(how));
	}
}

#define USERS(in_language, name) { .language = in_language, .function = name, .file = "", \
	.module = "", .build_id = "", .library = "", .is_user = true }

static void the_programs_own_exit_handler_is_no_library_and_no_object(void **state)
{
	static const struct {
		const char *story;
		enum how how;
		struct report_frame frames[FRAMES_MAX];
		bool expected;
	} own[] = {
		{ "a function", HOW_EXIT_HANDLER, { FINISH, USERS("c", "sweep"), HANDLERS, EXIT },
		  true },
		{ "one without a name", HOW_EXIT_HANDLER, { FINISH, USERS("c", ""), EXIT }, true },
		{ "a library between, and no name", HOW_EXIT_HANDLER,
		  { FINISH, NATIVE("libpqxx", "pqxx::connection_base::close()"), USERS("c", ""),
		    EXIT }, false },
		{ "a library between", HOW_EXIT_HANDLER,
		  { FINISH, NATIVE("libpqxx", "pqxx::connection_base::close()"),
		    USERS("c", "sweep"), EXIT }, true },
		{ "a library's", HOW_EXIT_HANDLER,
		  { FINISH, NATIVE("qt", "close()"), EXIT, USERS("c", "main") }, false },
		{ "a library's, whose object main() ends", HOW_EXIT_HANDLER,
		  { FINISH, NATIVE("qt", "~QCoreApplication()"), USERS("c", "main") }, false },
		{ "a function of Python", HOW_EXIT_HANDLER,
		  { FINISH, DEALLOC, USERS("python", "sweep") }, true },
		{ "an object", HOW_STATIC_DESTRUCTOR, { FINISH, USERS("c", "~Store"), EXIT },
		  false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
		struct report_stack stack = { .frames = own[i].frames };

		while (stack.count < FRAMES_MAX && own[i].frames[stack.count].language)
			stack.count++;
		if (how_is_own_handler(own[i].how, &stack) != own[i].expected)
			fail_msg("%s", own[i].story);
	}
}

/* Seven of one site: what closed each is counted, and the cause names it. */
static void a_site_counts_each_and_its_cause_names_them(void **state)
{
	struct scene *scene = scene_new();
	struct python_scene python = python_scene(scene, 1);
	struct ledger_builder *builder = python.builder;
	uint32_t site = builder_site(builder, python_opened(&python, "work", 1));
	uint32_t stack = python_collect_stack(&python, "work");
	const struct report_site *report;

	(void)state;
	for (int i = 0; i < 7; i++)
		builder_finish(builder, builder_open(builder, site, 0),
			       i < 4 ? KNOWN | LEDGER_COLLECTING : KNOWN, stack, "");
	report = &scene_report(scene)->sites[0];
	assert_int_equal(report->verdict, VERDICT_DROPPED);
	assert_int_equal(report->endings[ENDING_COLLECTED], 7);
	assert_int_equal(report->collected_how[HOW_COLLECTOR], 4);
	assert_int_equal(report->collected_how[HOW_REFERENCE], 3);
	assert_int_equal(report->close_count, 2);
	assert_int_equal(report->closes[0].how, HOW_COLLECTOR);
	assert_int_equal(report->closes[0].count, 4);
	assert_int_equal(report->closes[1].how, HOW_REFERENCE);
	assert_says(report->diagnosis, "any more: 4 by the garbage collector, 3 by the last "
				       "reference");

	builder_finish(builder, builder_open(builder, site, 0), 0,
		       python_close_stack(&python, "work"), "close");
	assert_says(scene_report(scene)->sites[0].diagnosis,
		    "7 of 8 were never closed: the garbage collector and the last reference did");
	scene_free(scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_story_has_its_machinery),
		cmocka_unit_test(the_programs_own_exit_handler_is_no_library_and_no_object),
		cmocka_unit_test(a_site_counts_each_and_its_cause_names_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
