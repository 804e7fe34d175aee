/* What was seen at PQfinish becomes the right word, one row a story. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "analyze/endings.h"

enum { FRAMES_MAX = 8 };

#define FRAME(in_language, in_library, name, path) { .language = in_language, .function = name, \
	.file = path, .module = "", .build_id = "", .library = in_library }
#define NATIVE(in_library, name) FRAME("c", in_library, name, "")
#define PYTHON(name, path) FRAME("python", "", name, path)
#define LUA(name) FRAME("lua", "", name, "app.lua")
#define FINISH NATIVE("libpq", "PQfinish")
#define CTYPES { .language = "c", .function = "", .file = "", .build_id = "", \
	.library = "python", .module = "/x/lib-dynload/_ctypes.cpython-311-x86_64-linux-gnu.so" }
#define LOOP NATIVE("python", "_PyEval_EvalFrameDefault")
#define MAIN NATIVE("libc", "__libc_start_main"), NATIVE("", "_start")

static const struct {
	const char *story;
	unsigned evidence;
	const char *called;
	struct report_frame frames[FRAMES_MAX]; /* ends with a frame without language */
	enum ending expected;
} rows[] = {
	{ "C calls PQfinish", 0, "", { FINISH, NATIVE("", "main"), MAIN }, ENDING_CLOSED },
	{ "C++ destructor on the way", 0, "",
	  { FINISH, NATIVE("", "Connection::~Connection()"), NATIVE("", "main"), MAIN },
	  ENDING_CLOSED },
	{ "C++ static destructor", 0, "",
	  { FINISH, NATIVE("", "Connection::~Connection()"), NATIVE("libc", "__run_exit_handlers"),
	    NATIVE("libc", "exit"), NATIVE("libc", "__libc_start_main"), NATIVE("", "_start") },
	  ENDING_SHUTDOWN },
	{ "a library's destructor", 0, "",
	  { FINISH, NATIVE("", ""), NATIVE("libc", "_dl_fini"), NATIVE("libc", "exit") },
	  ENDING_SHUTDOWN },
	{ "exit handler, no symbols", LEDGER_EXITING, "", { FINISH, NATIVE("", "") },
	  ENDING_SHUTDOWN },
	{ "a program's own function called exit", 0, "",
	  { FINISH, NATIVE("", "exit"), NATIVE("", "main"), MAIN }, ENDING_CLOSED },
	{ "Python calls close()", 0, "close",
	  { FINISH, NATIVE("psycopg2", "psyco_conn_close"), PYTHON("main", "/srv/app.py"), LOOP },
	  ENDING_CLOSED },
	{ "SQLAlchemy's do_close", 0, "close",
	  { FINISH, PYTHON("DefaultDialect.do_close", "/x/sqlalchemy/engine/default.py"),
	    PYTHON("dispose", "/x/sqlalchemy/pool/impl.py"), PYTHON("main", "/srv/app.py") },
	  ENDING_CLOSED },
	{ "psycopg 3 finishes at the end of a with block", 0, "finish",
	  { FINISH, PYTHON("Connection.close", "/x/psycopg/connection.py"),
	    PYTHON("Connection.__exit__", "/x/psycopg/connection.py"),
	    PYTHON("main", "/srv/app.py") }, ENDING_CLOSED },
	{ "a with block of a C type", 0, "__exit__", { FINISH, PYTHON("main", "/srv/app.py") },
	  ENDING_CLOSED },
	{ "Lua calls it by a name of its own", LEDGER_COLLECTING_KNOWN, "release",
	  { FINISH, NATIVE("luasql", ""), LUA("main chunk"), NATIVE("lua", "") }, ENDING_CLOSED },
	{ "Lua's collector", LEDGER_COLLECTING_KNOWN | LEDGER_COLLECTING, "",
	  { FINISH, NATIVE("luasql", ""), LUA("main chunk"), NATIVE("lua", "") },
	  ENDING_COLLECTED },
	{ "code that V8 names", 0, "",
	  { FINISH, NATIVE("node-libpq", "Finish"), FRAME("javascript", "", "work", "app.js"),
	    NATIVE("node", "Builtins_JSEntry"), MAIN }, ENDING_CLOSED },
	{ "Tcl exits", 0, "",
	  { FINISH, NATIVE("pgtcl", "PgDelConnectionId"), NATIVE("tcl", "Tcl_Exit"), MAIN },
	  ENDING_SHUTDOWN },
	{ "Lua's state is closed", 0, "",
	  { FINISH, NATIVE("luasql", ""), NATIVE("lua", "lua_close"), NATIVE("", "main"), MAIN },
	  ENDING_SHUTDOWN },
	{ "the last reference dropped, no symbols", 0, "", { FINISH, NATIVE("psycopg2", ""),
	    PYTHON("main", "/srv/app.py") }, ENDING_COLLECTED },
	{ "dropped while something else is called", 0, "append",
	  { FINISH, NATIVE("psycopg2", ""), PYTHON("main", "/srv/app.py") }, ENDING_COLLECTED },
	{ "dropped inside of a call that is named like a closer", 0, "reset",
	  { FINISH, NATIVE("psycopg2", "connection_dealloc"), PYTHON("main", "/srv/app.py"),
	    LOOP }, ENDING_COLLECTED },
	{ "the collector is running", LEDGER_COLLECTING | LEDGER_COLLECTING_KNOWN, "close",
	  { FINISH, NATIVE("psycopg2", ""), NATIVE("python", ""), PYTHON("main", "/srv/app.py") },
	  ENDING_COLLECTED },
	{ "the collector is running in another thread", LEDGER_COLLECTING, "close",
	  { FINISH, NATIVE("psycopg2", ""), PYTHON("main", "/srv/app.py") }, ENDING_CLOSED },
	{ "the same, and CPython is stripped", LEDGER_COLLECTING, "close",
	  { FINISH, NATIVE("psycopg2", ""), NATIVE("python", ""),
	    NATIVE("python", "PyObject_Vectorcall"), PYTHON("main", "/srv/app.py") },
	  ENDING_CLOSED },
	{ "a stripped CPython's collector", LEDGER_COLLECTING, "close",
	  { FINISH, NATIVE("psycopg2", ""), NATIVE("python", ""), NATIVE("python", ""),
	    NATIVE("python", "PyObject_Vectorcall"), PYTHON("main", "/srv/app.py") },
	  ENDING_COLLECTED },
	{ "the same, and a finaliser calls", LEDGER_COLLECTING, "close",
	  { FINISH, NATIVE("psycopg2", ""), PYTHON("Wrapper.__del__", "/srv/app.py") },
	  ENDING_COLLECTED },
	{ "__del__ calls close()", 0, "close",
	  { FINISH, PYTHON("Wrapper.__del__", "/srv/app.py"), PYTHON("main", "/srv/app.py") },
	  ENDING_COLLECTED },
	{ "a weak reference's finaliser calls close()", 0, "close",
	  { FINISH, PYTHON("clean_up", "/srv/app.py"),
	    PYTHON("finalize.__call__", "/usr/lib/python3.11/weakref.py"),
	    PYTHON("main", "/srv/app.py") }, ENDING_COLLECTED },
	{ "SQLAlchemy's connection was checked out and dropped", 0, "close",
	  { FINISH, PYTHON("DefaultDialect.do_close", "/x/sqlalchemy/engine/default.py"),
	    PYTHON("_finalize_fairy", "/x/sqlalchemy/pool/base.py"),
	    PYTHON("_ConnectionRecord.checkout.<locals>.<lambda>", "/x/sqlalchemy/pool/base.py"),
	    PYTHON("main", "/srv/app.py") }, ENDING_COLLECTED },
	{ "the same before Python 3.11", 0, "close",
	  { FINISH, PYTHON("do_close", "/x/sqlalchemy/engine/default.py"),
	    PYTHON("_finalize_fairy", "/x/sqlalchemy/pool/base.py"),
	    PYTHON("<lambda>", "/x/sqlalchemy/pool/base.py"), PYTHON("main", "/srv/app.py") },
	  ENDING_COLLECTED },
	{ "SQLAlchemy's ordinary check-in closes an overflow connection", 0, "close",
	  { FINISH, PYTHON("do_close", "/x/sqlalchemy/engine/default.py"),
	    PYTHON("_finalize_fairy", "/x/sqlalchemy/pool/base.py"),
	    PYTHON("_ConnectionFairy._checkin", "/x/sqlalchemy/pool/base.py"),
	    PYTHON("main", "/srv/app.py") }, ENDING_CLOSED },
	{ "the interpreter is finalising", LEDGER_FINALIZING, "close",
	  { FINISH, PYTHON("Wrapper.__del__", "/srv/app.py") }, ENDING_SHUTDOWN },
	{ "below Py_FinalizeEx", 0, "",
	  { FINISH, NATIVE("psycopg2", "connection_dealloc"), NATIVE("python", "Py_FinalizeEx"),
	    NATIVE("python", "Py_RunMain"), MAIN }, ENDING_SHUTDOWN },
	{ "collected during finalisation", LEDGER_FINALIZING | LEDGER_COLLECTING, "", { FINISH },
	  ENDING_SHUTDOWN },
	{ "a driver's method called by another name", 0, "on_exit",
	  { FINISH, NATIVE("psycopg2", ""), NATIVE("python", "cfunction_vectorcall_NOARGS"),
	    PYTHON("main", "/srv/app.py"), LOOP }, ENDING_CLOSED },
	{ "called through ctypes, by another name", 0, "end",
	  { FINISH, NATIVE("libffi", ""), CTYPES, NATIVE("python", "_PyObject_MakeTpCall"),
	    PYTHON("main", "/srv/app.py"), LOOP }, ENDING_CLOSED },
	{ "called through cffi", 0, "PQfinish",
	  { FINISH, NATIVE("libffi", ""), NATIVE("_cffi_backend", ""),
	    PYTHON("main", "/srv/app.py"), LOOP }, ENDING_CLOSED },
	{ "dropped, with PQfinish as cffi's destructor", 0, "select",
	  { FINISH, NATIVE("libffi", ""), NATIVE("_cffi_backend", ""),
	    PYTHON("main", "/srv/app.py"), LOOP }, ENDING_COLLECTED },
	{ "psycopg 3 without its C part lets a connection go", 0, "__PQfinish",
	  { FINISH, NATIVE("libffi", ""), CTYPES, PYTHON("PGconn.finish", "/x/pq/pq_ctypes.py"),
	    PYTHON("PGconn.__del__", "/x/pq/pq_ctypes.py"), PYTHON("main", "/srv/app.py") },
	  ENDING_COLLECTED },
	{ "dropped inside of a C function", 0, "clear",
	  { FINISH, NATIVE("psycopg2", ""), NATIVE("python", "list_clear"),
	    NATIVE("python", "method_vectorcall_NOARGS"), PYTHON("main", "/srv/app.py") },
	  ENDING_COLLECTED },
	{ "an exit stack calls back, no symbols", 0, "callback",
	  { FINISH, NATIVE("psycopg2", ""), PYTHON("_create_cb_wrapper.<locals>._exit_wrapper",
	    "/usr/lib/python3.11/contextlib.py"), PYTHON("main", "/srv/app.py") },
	  ENDING_CLOSED },
	{ "a multiprocessing child's own exit function, no symbols", 0, "_callback",
	  { FINISH, NATIVE("psycopg2", ""), PYTHON("Finalize.__call__",
	    "/usr/lib/python3.11/multiprocessing/util.py"), LOOP }, ENDING_CLOSED },
	{ "dropped by an exit stack, no symbols", 0, "",
	  { FINISH, NATIVE("psycopg2", ""), PYTHON("_exit_wrapper",
	    "/usr/lib/python3.11/contextlib.py") }, ENDING_COLLECTED },
	{ "dropped with a traceback after the program's last frame, no symbols", 0, "",
	  { FINISH, NATIVE("psycopg2", ""), NATIVE("python", ""), MAIN }, ENDING_COLLECTED },
	{ "below _Py_Finalize", 0, "",
	  { FINISH, NATIVE("psycopg2", ""), NATIVE("python", "cfunction_vectorcall_NOARGS"),
	    NATIVE("python", "atexit_callfuncs"), NATIVE("python", "_Py_Finalize"), MAIN },
	  ENDING_SHUTDOWN },
	{ "unknown interpreter, dropped", 0, "",
	  { FINISH, NATIVE("psycopg2", "connection_dealloc"), LOOP, MAIN }, ENDING_COLLECTED },
	{ "unknown interpreter, closed", 0, "",
	  { FINISH, NATIVE("psycopg2", "psyco_conn_close"), LOOP,
	    NATIVE("python", "frame_dealloc"), MAIN }, ENDING_CLOSED },
	{ "no stack", 0, "", { { 0 } }, ENDING_CLOSED },
	{ "a failed one, given up by its driver", LEDGER_WAS_FAILED, "_connect",
	  { FINISH, NATIVE("psycopg2", "connection_dealloc"), PYTHON("connect", "/srv/app.py") },
	  ENDING_CLOSED },
	{ "ended while connecting", LEDGER_WAS_CONNECTING, "", { FINISH, NATIVE("", "main") },
	  ENDING_CLOSED },
	{ "a child finishes its parent's", LEDGER_INHERITED | LEDGER_FINALIZING, "close",
	  { FINISH, PYTHON("main", "/srv/app.py") }, ENDING_CHILD_FINISH },
};

static void every_story_has_its_word(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct report_stack stack = { .frames = rows[i].frames };
		enum ending ending;

		while (stack.count < FRAMES_MAX && rows[i].frames[stack.count].language)
			stack.count++;
		ending = ending_of_finished(rows[i].evidence, &stack, rows[i].called,
					    !strstr(rows[i].story, "unknown interpreter"));
		if (ending != rows[i].expected)
			fail_msg("%s: %s", rows[i].story, ending_name(ending));
	}
}

static void every_closer_closes(void **state)
{
	static const char *const names[] = {
		"close", "finish", "disconnect", "dispose", "terminate", "reset", "closeall",
		"putconn", "PQfinish", "__exit__", "exit", "_close", "do_close", "do_terminate",
	};
	static const struct report_frame frames[] = { FINISH, PYTHON("main", "/srv/app.py") };
	const struct report_stack stack = { frames, 2, false };

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_int_equal(ending_of_finished(0, &stack, names[i], true), ENDING_CLOSED);
}

static void what_was_not_finished_ends_with_its_process(void **state)
{
	static const struct {
		unsigned connection;
		const char *ended;
		enum ending expected;
	} ends[] = {
		{ LEDGER_OPEN, "exit", ENDING_OPEN },
		{ LEDGER_OPEN, "running", ENDING_OPEN },
		{ LEDGER_OPEN, "_exit", ENDING_ABANDONED },
		{ LEDGER_OPEN, "exec", ENDING_ABANDONED },
		{ LEDGER_OPEN, "signal", ENDING_ABANDONED },
		{ LEDGER_OPEN, "killed", ENDING_ABANDONED },
		{ LEDGER_CONNECTING, "exit", ENDING_OPEN },
		{ LEDGER_CONNECTING, "killed", ENDING_ABANDONED },
		{ LEDGER_FAILED, "exit", ENDING_FAILED_UNFINISHED },
		{ LEDGER_FAILED, "killed", ENDING_FAILED_UNFINISHED },
		{ LEDGER_CLOSED_UNSEEN, "exit", ENDING_CLOSED_UNSEEN },
		{ LEDGER_CLOSED_UNSEEN, "_exit", ENDING_CLOSED_UNSEEN },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		assert_int_equal(ending_of_unfinished(ends[i].connection, ends[i].ended),
				 ends[i].expected);
}

static void a_transaction_is_one_that_something_began(void **state)
{
	(void)state;
	assert_true(ending_in_transaction(LEDGER_TRANSACTION_INTRANS, 0));
	assert_true(ending_in_transaction(LEDGER_TRANSACTION_INERROR, 0));
	assert_true(ending_in_transaction(LEDGER_TRANSACTION_ACTIVE, 3));
	assert_false(ending_in_transaction(LEDGER_TRANSACTION_ACTIVE, 0));
	assert_false(ending_in_transaction(LEDGER_TRANSACTION_IDLE, 3));
	assert_string_equal(transaction_name(LEDGER_TRANSACTION_INERROR), "inerror");
	assert_string_equal(transaction_name(LEDGER_TRANSACTION_LOST), "unknown");
	assert_string_equal(transaction_name(77), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_story_has_its_word),
		cmocka_unit_test(every_closer_closes),
		cmocka_unit_test(what_was_not_finished_ends_with_its_process),
		cmocka_unit_test(a_transaction_is_one_that_something_began),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
