/* One line to the person, and to nobody else: what descriptor 2 may have become.
 *
 * Each test plays in a child, whose descriptor 2 is its own to change.
 */
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* The child's status: 0 when `play` has come to its end. */
static void in_a_child(int (*play)(int fd), int fd)
{
	pid_t pid = fork();
	int status;

	if (!pid)
		_exit(play(fd));
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static size_t read_all(int fd, char *bytes, size_t size)
{
	ssize_t length = recv(fd, bytes, size - 1, MSG_DONTWAIT);

	if (length < 0 && errno == ENOTSOCK)
		length = read(fd, bytes, size - 1);
	bytes[length > 0 ? length : 0] = 0;
	return length > 0 ? (size_t)length : 0;
}

static int say_two_lines(int fd)
{
	dup2(fd, STDERR_FILENO);
	log_init();
	errno = EDOM;
	log_say("cannot open '%s': %e", "/a", ENOENT);
	log_say("%d", 2);
	return errno != EDOM;
}

static void a_line_has_the_name_before_it_and_errno_is_kept(void **state)
{
	char said[256];
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	in_a_child(say_two_lines, ends[1]);
	close(ends[1]);
	read_all(ends[0], said, sizeof(said));
	assert_string_equal(said,
			    "pqleak: cannot open '/a': No such file or directory\npqleak: 2\n");
	close(ends[0]);
}

static int say_a_long_line(int fd)
{
	char text[5000];

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = 0;
	dup2(fd, STDERR_FILENO);
	log_init();
	log_say("%s", text);
	return 0;
}

static void a_line_that_is_too_long_is_cut_and_still_one_line(void **state)
{
	char said[8192];
	int ends[2];
	size_t length;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	in_a_child(say_a_long_line, ends[1]);
	length = read_all(ends[0], said, sizeof(said));
	assert_in_range(length, 1000, 1024);
	assert_ptr_equal(strchr(said, '\n'), said + length - 1);
	close(ends[0]);
	close(ends[1]);
}

static int say_to_what_became_a_socket(int fd)
{
	log_init();
	dup2(fd, STDERR_FILENO);
	errno = EDOM;
	log_say("this is not for the peer");
	return log_is_usable() || errno != EDOM;
}

static void a_descriptor_2_that_became_a_socket_is_left_alone(void **state)
{
	char said[256];
	int ends[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	in_a_child(say_to_what_became_a_socket, ends[1]);
	assert_int_equal(read_all(ends[0], said, sizeof(said)), 0);
	close(ends[0]);
	close(ends[1]);
}

/* systemd gives a service a socket for its standard error. */
static void a_socket_that_was_there_from_the_beginning_is_written_to(void **state)
{
	char said[256];
	int ends[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	in_a_child(say_two_lines, ends[1]);
	read_all(ends[0], said, sizeof(said));
	assert_memory_equal(said, "pqleak: cannot", 14);
	close(ends[0]);
	close(ends[1]);
}

static int say_to_a_later_file(int fd)
{
	log_init();
	dup2(fd, STDERR_FILENO);
	log_say("here");
	return !log_is_usable();
}

static void a_file_that_the_host_put_there_is_written_to(void **state)
{
	char path[] = "/tmp/log-XXXXXX", said[64];
	int fd = mkstemp(path);

	(void)state;
	in_a_child(say_to_a_later_file, fd);
	assert_int_equal(pread(fd, said, sizeof(said), 0), 13);
	assert_memory_equal(said, "pqleak: here\n", 13);
	unlink(path);
	close(fd);
}

static int say_to_nobody(int fd)
{
	(void)fd;
	log_init();
	close(STDERR_FILENO);
	errno = EDOM;
	log_say("nobody");
	return log_is_usable() || errno != EDOM;
}

static void a_closed_descriptor_2_is_silence(void **state)
{
	(void)state;
	in_a_child(say_to_nobody, -1);
}

static int say_to_a_pipe_without_reader(int fd)
{
	sigset_t pending, mask;

	dup2(fd, STDERR_FILENO);
	log_init();
	errno = EDOM;
	log_say("nobody hears this");
	sigpending(&pending);
	sigprocmask(SIG_BLOCK, NULL, &mask);
	return errno != EDOM || sigismember(&pending, SIGPIPE) || sigismember(&mask, SIGPIPE);
}

static void a_pipe_without_reader_kills_nobody_and_leaves_no_signal(void **state)
{
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	close(ends[0]);
	in_a_child(say_to_a_pipe_without_reader, ends[1]);
	close(ends[1]);
}

static int say_with_a_sigpipe_of_the_hosts(int fd)
{
	sigset_t pipe, pending, mask;

	dup2(fd, STDERR_FILENO);
	log_init();
	sigemptyset(&pipe);
	sigaddset(&pipe, SIGPIPE);
	sigprocmask(SIG_BLOCK, &pipe, NULL);
	raise(SIGPIPE);
	log_say("nobody hears this");
	sigpending(&pending);
	sigprocmask(SIG_BLOCK, NULL, &mask);
	return !sigismember(&pending, SIGPIPE) || !sigismember(&mask, SIGPIPE);
}

static void a_sigpipe_that_was_pending_before_stays(void **state)
{
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	close(ends[0]);
	in_a_child(say_with_a_sigpipe_of_the_hosts, ends[1]);
	close(ends[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_has_the_name_before_it_and_errno_is_kept),
		cmocka_unit_test(a_line_that_is_too_long_is_cut_and_still_one_line),
		cmocka_unit_test(a_descriptor_2_that_became_a_socket_is_left_alone),
		cmocka_unit_test(a_socket_that_was_there_from_the_beginning_is_written_to),
		cmocka_unit_test(a_file_that_the_host_put_there_is_written_to),
		cmocka_unit_test(a_closed_descriptor_2_is_silence),
		cmocka_unit_test(a_pipe_without_reader_kills_nobody_and_leaves_no_signal),
		cmocka_unit_test(a_sigpipe_that_was_pending_before_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
