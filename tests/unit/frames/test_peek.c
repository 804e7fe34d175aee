/* Guarded reads: of memory that is there, half there, and not there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "frames/peek.h"

/* A readable page before one that is not. */
static uint8_t *make_edge(void)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	uint8_t *pages = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			      -1, 0);

	assert_ptr_not_equal(MAP_FAILED, pages);
	memset(pages, 7, page);
	assert_int_equal(0, mprotect(pages + page, page, PROT_NONE));
	return pages + page;
}

static int count_descriptors(void)
{
	DIR *directory = opendir("/proc/self/fd");
	int count = 0;

	while (readdir(directory) != NULL)
		count++;
	closedir(directory);
	return count;
}

/* 0 when all is as it should be, else the number of what is not. */
static int check_guarded(const uint8_t *edge)
{
	uint8_t bytes[5000];

	peek_set_guarded(true);
	errno = 4242;
	if (!peek((uintptr_t)edge - 8, bytes, 8) || bytes[0] != 7 || bytes[7] != 7)
		return 1;
	if (peek((uintptr_t)edge - 7, bytes, 8) || peek((uintptr_t)edge, bytes, 1))
		return 2;
	if (peek(0, bytes, 1) || peek(64, bytes, 1) ||
	    peek(UINTPTR_MAX - 3, bytes, 8) || peek((uintptr_t)1 << 63, bytes, 8))
		return 3;
	if (peek_word((uintptr_t)edge - 8) != 0x0707070707070707 ||
	    peek_word((uintptr_t)edge) != 0)
		return 4;
	if (errno != 4242)
		return 5;
	return 0;
}

static void guarded_reads_fail_where_nothing_is(void **state)
{
	(void)state;
	assert_int_equal(0, check_guarded(make_edge()));
}

static void forbid_process_vm_readv(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_process_vm_readv, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { .len = sizeof(filter) / sizeof(*filter), .filter = filter };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
		_exit(90);
}

static void they_do_so_under_seccomp_and_leave_no_descriptor(void **state)
{
	uint8_t *edge = make_edge();
	pid_t child = fork();
	int status;

	(void)state;
	if (child == 0) {
		int before = count_descriptors();

		forbid_process_vm_readv();

		int result = check_guarded(edge);

		_exit(result != 0 ? result : count_descriptors() == before ? 0 : 91);
	}
	assert_int_equal(child, waitpid(child, &status, 0));
	assert_true(WIFEXITED(status));
	assert_int_equal(0, WEXITSTATUS(status));
}

static void direct_reads_refuse_what_no_process_has(void **state)
{
	uint64_t value = 42;
	uint64_t read = 0;

	(void)state;
	peek_set_guarded(false);
	assert_true(peek((uintptr_t)&value, &read, sizeof(read)));
	assert_int_equal(42, read);
	assert_false(peek(0, &read, sizeof(read)));
	assert_false(peek(8, &read, sizeof(read)));
	assert_false(peek((uintptr_t)1 << 63, &read, sizeof(read)));
	assert_false(peek(UINTPTR_MAX - 3, &read, sizeof(read)));
	peek_set_guarded(true);
}

static void a_window_ends_with_its_bytes_or_with_memory(void **state)
{
	uint8_t *edge = make_edge();
	struct peek_window window;
	int count = 0;

	(void)state;
	peek_window_init(&window, (uintptr_t)edge - 100, 100);
	while (peek_window_byte(&window) == 7)
		count++;
	assert_int_equal(100, count);
	assert_int_equal(-1, peek_window_byte(&window));

	peek_window_init(&window, (uintptr_t)edge - 100, 200);
	for (count = 0; peek_window_byte(&window) == 7; count++)
		;
	assert_true(count <= 100);
	assert_int_equal(-1, peek_window_byte(&window));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(guarded_reads_fail_where_nothing_is),
		cmocka_unit_test(they_do_so_under_seccomp_and_leave_no_descriptor),
		cmocka_unit_test(direct_reads_refuse_what_no_process_has),
		cmocka_unit_test(a_window_ends_with_its_bytes_or_with_memory),
	};

	return cmocka_run_group_tests_name("peek", tests, NULL, NULL);
}
