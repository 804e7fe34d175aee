/* The fake libpq opens and finishes connections as the tests that use it count on. Run
 * with "symbolic" on the one that does not call itself through its PLT.
 */
#include <dlfcn.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <libpq-fe.h>

#include "newer.h"

int fake_libpq_open_count(void);

static bool is_symbolic;

/* This program comes before the library in the search order: what the library
 * calls through its PLT, and what we call, passes here. */
static struct {
	int start, start_params, poll, finish, make_result, clear;
} calls;
static const void *finish_caller;

#define EXPORT __attribute__((visibility("default")))
#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

EXPORT PGconn *PQconnectStart(const char *conninfo)
{
	calls.start++;
	return REAL(PQconnectStart)(conninfo);
}

EXPORT PGconn *PQconnectStartParams(const char *const *keywords, const char *const *values,
				    int expand_dbname)
{
	calls.start_params++;
	return REAL(PQconnectStartParams)(keywords, values, expand_dbname);
}

EXPORT PostgresPollingStatusType PQconnectPoll(PGconn *conn)
{
	calls.poll++;
	return REAL(PQconnectPoll)(conn);
}

EXPORT void PQfinish(PGconn *conn)
{
	calls.finish++;
	finish_caller = __builtin_return_address(0);
	REAL(PQfinish)(conn);
}

EXPORT PGresult *PQmakeEmptyPGresult(PGconn *conn, ExecStatusType status)
{
	calls.make_result++;
	return REAL(PQmakeEmptyPGresult)(conn, status);
}

EXPORT void PQclear(PGresult *result)
{
	calls.clear += result != NULL;
	REAL(PQclear)(result);
}

static int forget_calls(void **state)
{
	(void)state;
	memset(&calls, 0, sizeof(calls));
	unsetenv("FAKE_LIBPQ_SQLSTATE");
	return 0;
}

static void assert_nested(int count, int expected)
{
	assert_int_equal(count, is_symbolic ? 0 : expected);
}

static void connecting_goes_through_start_and_poll(void **state)
{
	PGconn *conn = PQconnectdb("dbname=app user=me host=/run application_name='a b'");

	(void)state;
	assert_nested(calls.start, 1);
	assert_nested(calls.poll, 3);
	assert_int_equal(PQstatus(conn), CONNECTION_OK);
	assert_string_equal(PQdb(conn), "app");
	assert_string_equal(PQuser(conn), "me");
	assert_string_equal(PQhost(conn), "/run");
	assert_string_equal(PQport(conn), "5432");
	assert_string_equal(PQparameterStatus(conn, "application_name"), "a b");
	assert_true(PQbackendPID(conn) > 1000);
	assert_true(PQsocket(conn) >= 0);
	assert_int_equal(PQserverVersion(conn), PQlibVersion());
	assert_int_equal(fake_libpq_open_count(), 1);
	PQfinish(conn);
	assert_int_equal(fake_libpq_open_count(), 0);
}

static void parameters_go_through_start_params(void **state)
{
	const char *const keywords[] = { "dbname", "user", NULL };
	const char *const values[] = { "dbname=app fake_polls=5", NULL, NULL };
	PGconn *conn = PQconnectdbParams(keywords, values, 1);

	(void)state;
	assert_nested(calls.start_params, 1);
	assert_nested(calls.poll, 7);
	assert_string_equal(PQdb(conn), "app");
	PQfinish(conn);
	conn = PQsetdbLogin(NULL, "1234", NULL, NULL, "other", NULL, NULL);
	assert_string_equal(PQport(conn), "1234");
	assert_string_equal(PQdb(conn), "other");
	assert_nested(calls.start_params, 1);
	PQfinish(conn);
}

static void a_start_wants_polls(void **state)
{
	PGconn *conn = PQconnectStart("fake_polls=2");

	(void)state;
	assert_int_equal(PQstatus(conn), CONNECTION_STARTED);
	assert_int_equal(PQconnectPoll(conn), PGRES_POLLING_WRITING);
	assert_int_equal(PQconnectPoll(conn), PGRES_POLLING_READING);
	assert_int_equal(PQconnectPoll(conn), PGRES_POLLING_OK);
	assert_int_equal(PQconnectPoll(conn), PGRES_POLLING_OK);
	assert_int_equal(PQstatus(conn), CONNECTION_OK);
	PQfinish(conn);
}

static void a_ping_creates_and_finishes(void **state)
{
	(void)state;
	assert_int_equal(PQping("dbname=app"), PQPING_OK);
	assert_nested(calls.start, 1);
	assert_nested(calls.finish, 1);
	assert_int_equal(PQping("no connection string"), PQPING_NO_ATTEMPT);
	assert_int_equal(fake_libpq_open_count(), 0);
}

static void a_failed_connect_has_its_sqlstate_in_a_result(void **state)
{
	PGconn *conn = PQconnectdb("fake_sqlstate=53300");

	(void)state;
	assert_int_equal(PQstatus(conn), CONNECTION_BAD);
	assert_non_null(strstr(PQerrorMessage(conn), "53300"));
	assert_nested(calls.make_result, 1);
	assert_nested(calls.clear, 1);
	assert_true(PQsocket(conn) >= 0);
	PQfinish(conn);
	forget_calls(NULL);
	conn = PQconnectdb("fake_sqlstate=3D000 fake_keep_result=1");
	assert_nested(calls.make_result, 1);
	assert_nested(calls.clear, 0);
	PQfinish(conn);
	assert_nested(calls.clear, 1);
	setenv("FAKE_LIBPQ_SQLSTATE", "08P01", 1);
	conn = PQconnectdb("");
	assert_int_equal(PQstatus(conn), CONNECTION_BAD);
	PQfinish(conn);
}

static void a_bad_connection_string_fails_before_any_poll(void **state)
{
	PGconn *conn = PQconnectdb("host='unfinished");

	(void)state;
	assert_int_equal(PQstatus(conn), CONNECTION_BAD);
	assert_null(PQdb(conn));
	assert_int_equal(calls.poll, 0);
	PQfinish(conn);
	assert_null(PQconnectdb("fake_null=1"));
	assert_int_equal(fake_libpq_open_count(), 0);
	PQfinish(NULL);
}

static void memory_is_reused_at_once(void **state)
{
	PGconn *first = PQconnectdb("");
	PGconn *second = PQconnectdb("fake_socket=0");

	(void)state;
	assert_int_equal(PQsocket(second), -1);
	PQfinish(first);
	assert_ptr_equal(PQconnectdb(""), first);
	PQfinish(first);
	PQfinish(second);
}

static void a_reset_keeps_the_pointer(void **state)
{
	PGconn *conn = PQconnectdb("dbname=app");
	int backend_pid = PQbackendPID(conn);

	(void)state;
	PQreset(conn);
	assert_nested(calls.poll, 6);
	assert_int_equal(PQstatus(conn), CONNECTION_OK);
	assert_int_not_equal(PQbackendPID(conn), backend_pid);
	assert_int_equal(PQresetStart(conn), 1);
	assert_int_equal(PQresetPoll(conn), PGRES_POLLING_READING);
	assert_int_equal(PQresetPoll(conn), PGRES_POLLING_OK);
	assert_int_equal(fake_libpq_open_count(), 1);
	PQfinish(conn);
}

static bool is_ours(const void *address)
{
	Dl_info here, there;

	dladdr((const void *)(uintptr_t)is_ours, &here);
	return dladdr(address, &there) && here.dli_fbase == there.dli_fbase;
}

static void finishing_a_cancel_jumps_to_finish(void **state)
{
	PGconn *conn = PQconnectdb("dbname=app");
	PGcancelConn *cancel = PQcancelCreate(conn);

	(void)state;
	assert_int_equal(PQcancelBlocking(cancel), 1);
	assert_int_equal(PQcancelStatus(cancel), CONNECTION_OK);
	assert_int_equal(fake_libpq_open_count(), 2);
	finish_caller = NULL;
	PQcancelFinish(cancel);
	if (!is_symbolic)
		assert_true(is_ours(finish_caller));
	assert_int_equal(fake_libpq_open_count(), 1);
	PQfinish(conn);
}

static void use_after_finish(PGconn *conn)
{
	PQexec(conn, "select 1");
}

static void assert_aborts(void (*function)(PGconn *), PGconn *conn)
{
	int status;
	pid_t child = fork();

	if (!child) {
		/* cmocka would turn the signal into a failure of its own. */
		signal(SIGABRT, SIG_DFL);
		close(STDERR_FILENO);
		function(conn);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

static void a_finished_connection_is_not_usable(void **state)
{
	static char other[4096];
	PGconn *conn = PQconnectdb("");

	(void)state;
	PQfinish(conn);
	assert_aborts(PQfinish, conn);
	assert_aborts(use_after_finish, conn);
	assert_aborts(PQfinish, (PGconn *)(void *)other);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(connecting_goes_through_start_and_poll, forget_calls),
		cmocka_unit_test_setup(parameters_go_through_start_params, forget_calls),
		cmocka_unit_test_setup(a_start_wants_polls, forget_calls),
		cmocka_unit_test_setup(a_ping_creates_and_finishes, forget_calls),
		cmocka_unit_test_setup(a_failed_connect_has_its_sqlstate_in_a_result,
				       forget_calls),
		cmocka_unit_test_setup(a_bad_connection_string_fails_before_any_poll,
				       forget_calls),
		cmocka_unit_test_setup(memory_is_reused_at_once, forget_calls),
		cmocka_unit_test_setup(a_reset_keeps_the_pointer, forget_calls),
		cmocka_unit_test_setup(finishing_a_cancel_jumps_to_finish, forget_calls),
		cmocka_unit_test_setup(a_finished_connection_is_not_usable, forget_calls),
	};

	is_symbolic = argc > 1 && strcmp(argv[1], "symbolic") == 0;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
