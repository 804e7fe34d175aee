/* What a process says of itself: its command without any secret, and whether it is the one
 * that records. Each command line is played by this program itself, run again.
 */
#include "capture/process.h"

#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char itself[PATH_MAX];

/* process_command of this program run with `arguments`, the first being argv[0]. */
static const char *command_of(const char *const *arguments)
{
	static char command[512];
	int ends[2];
	pid_t pid;
	ssize_t length;

	assert_int_equal(pipe(ends), 0);
	pid = fork();
	if (!pid) {
		char number[16];

		snprintf(number, sizeof(number), "%d", ends[1]);
		setenv("PLAY", number, 1);
		execv(itself, (char *const *)(uintptr_t)arguments);
		_exit(1);
	}
	close(ends[1]);
	length = read(ends[0], command, sizeof(command) - 1);
	close(ends[0]);
	waitpid(pid, NULL, 0);
	assert_true(length >= 0);
	command[length] = 0;
	return command;
}

static const struct {
	const char *arguments[5];
	const char *command;
} rows[] = {
	{ { "/usr/bin/psql" }, "psql" },
	{ { "psql" }, "psql" },
	{ { "/usr/bin/python3", "/tmp/app.py", "x" }, "python3 /tmp/app.py" },
	{ { "python3", "app.py" }, "python3 app.py" },
	{ { "python3", "-m", "gunicorn", "app" }, "python3 -m gunicorn" },
	{ { "python3", "-m" }, "python3" },
	{ { "python3", "-c", "connect('x')" }, "python3" },
	{ { "ruby", "worker.rb" }, "ruby worker.rb" },
	{ { "tool", "" , "app.py" }, "tool" },
	{ { "-bash" }, "-bash" },
};

static void a_command_is_its_program_and_script(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(command_of(rows[i].arguments), rows[i].command);
}

/* "canary" stands for what nobody may read. */
static const struct {
	const char *arguments[5];
} secrets[] = {
	{ { "psql", "host=x password=canary" } },
	{ { "psql", "password=canary" } },
	{ { "psql", "postgresql://user:canary@host/db" } },
	{ { "psql", "postgres://host/db?password=canary" } },
	{ { "psql", "-c", "alter role x password 'canary'" } },
	{ { "psql", "--password=canary" } },
	{ { "psql", "-Wcanary" } },
	{ { "tool", "user:canary@host:5432/db" } },
	{ { "tool", "user/canary@db" } },
	{ { "tool", "canary" } },
	{ { "tool", "x", "canary" } },
	{ { "python3", "-m", "canary:application" } },
	{ { "python3", "-m", "host=x password=canary" } },
	{ { "python3", "app.py", "canary" } },
	{ { "worker: password=canary" } },
	{ { "app [postgresql://user:canary@host/db]" } },
	{ { "app [postgresql://user:x@host/canary" } },
	{ { "user/canary@db" } },
	{ { "tool canary" } },
};

static void no_secret_is_ever_part_of_it(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++) {
		const char *command = command_of(secrets[i].arguments);

		if (strstr(command, "canary"))
			fail_msg("'%s' has the secret of '%s'", command, secrets[i].arguments[0]);
		assert_true(*command);
	}
}

/* A word that names a file is the script, whatever its name. */
static void a_file_is_a_script_by_any_name(void **state)
{
	char path[] = "/tmp/script-XXXXXX", expected[64];
	const char *arguments[] = { "perl", path, NULL };
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	snprintf(expected, sizeof(expected), "perl %s", path);
	assert_string_equal(command_of(arguments), expected);
	unlink(path);
	assert_string_equal(command_of(arguments), "perl");
}

static void long_words_are_cut(void **state)
{
	char word[4000];
	const char *arguments[] = { word, "x.py", NULL };

	(void)state;
	memset(word, 'w', sizeof(word) - 1);
	word[sizeof(word) - 1] = 0;
	assert_true(strlen(command_of(arguments)) < 512);
}

static void the_executable_is_the_file(void **state)
{
	char path[PATH_MAX];

	(void)state;
	process_executable(path, sizeof(path));
	assert_string_equal(path, itself);
}

static void a_forked_child_is_not_the_marked_process(void **state)
{
	pid_t pid;
	int status;

	(void)state;
	assert_false(process_is_marked());
	assert_int_equal(process_mark(), 0);
	assert_true(process_is_marked());
	pid = fork();
	if (!pid) {
		int is_wrong = process_is_marked();

		process_mark();
		is_wrong |= !process_is_marked();
		process_unmark();
		_exit(is_wrong | process_is_marked());
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_true(process_is_marked());
}

/* A vfork's child shares our memory, and must not be taken for another process. */
static void a_vforked_child_is_the_marked_process(void **state)
{
	int status;

	(void)state;
	assert_int_equal(process_mark(), 0);
	pid_t pid = vfork();

	if (!pid)
		_exit(!process_is_marked());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_true(process_is_marked());
}

static int play(int fd)
{
	char command[512];

	process_command(command, sizeof(command));
	return write(fd, command, strlen(command)) < 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_command_is_its_program_and_script),
		cmocka_unit_test(no_secret_is_ever_part_of_it),
		cmocka_unit_test(a_file_is_a_script_by_any_name),
		cmocka_unit_test(long_words_are_cut),
		cmocka_unit_test(the_executable_is_the_file),
		cmocka_unit_test(a_forked_child_is_not_the_marked_process),
		cmocka_unit_test(a_vforked_child_is_the_marked_process),
	};

	if (getenv("PLAY"))
		return play(atoi(getenv("PLAY")));
	if (readlink("/proc/self/exe", itself, sizeof(itself) - 1) < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
