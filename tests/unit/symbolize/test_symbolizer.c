/* Looking up addresses of this very program, and in files that are not what the
 * ledger says: gone, another build, no ELF at all, cut, damaged.
 */
#include "symbolize/symbolizer.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "this_program.h"

static char directory[] = "/tmp/symbolizer-XXXXXX";
static char file[64];

static struct symbolizer *make(const char *debug_path)
{
	const struct symbolizer_options options = { .debug_path = debug_path };
	struct symbolizer *symbolizer = symbolizer_new(&options);

	assert_non_null(symbolizer);
	return symbolizer;
}

enum { TARGET_LINE = __LINE__ + 1 };
static __attribute__((noinline)) int target(int number)
{
	__asm__ volatile("" : "+r"(number));
	return number;
}

static uint64_t target_offset(void)
{
	assert_int_equal(target(1), 1);
	return this_program_offset((const void *)(uintptr_t)target);
}

static void an_address_has_function_file_and_line(void **state)
{
	struct symbolizer *symbolizer = make(NULL);
	struct symbolizer_module module = this_program();
	struct symbolizer_location found[SYMBOLIZER_INLINE_MAX], again[SYMBOLIZER_INLINE_MAX];

	(void)state;
	assert_int_equal(symbolizer_find(symbolizer, &module, target_offset(), found), 1);
	assert_string_equal(found[0].function, "target");
	assert_non_null(strstr(found[0].file, "test_symbolizer.c"));
	assert_int_equal(found[0].file[0], '/');
	assert_in_range(found[0].line, TARGET_LINE, TARGET_LINE + 2);
	assert_false(found[0].is_inlined);
	assert_null(symbolizer_problem(symbolizer, &module));
	assert_int_equal(symbolizer_find(symbolizer, &module, target_offset(), again), 1);
	assert_ptr_equal(found[0].function, again[0].function);
	symbolizer_free(symbolizer);
}

static void an_address_outside_has_nothing(void **state)
{
	static const uint64_t offsets[] = { 0, 1, 1ull << 40, UINT64_MAX };
	struct symbolizer *symbolizer = make(NULL);
	struct symbolizer_module module = this_program();
	struct symbolizer_location found[SYMBOLIZER_INLINE_MAX];

	(void)state;
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(symbolizer_find(symbolizer, &module, offsets[i], found), 0);
	symbolizer_free(symbolizer);
}

static void assert_problem(struct symbolizer_module module, const char *problem)
{
	struct symbolizer *symbolizer = make(directory);
	struct symbolizer_location found[SYMBOLIZER_INLINE_MAX];

	assert_int_equal(symbolizer_find(symbolizer, &module, target_offset(), found), 0);
	assert_string_equal(symbolizer_problem(symbolizer, &module), problem);
	symbolizer_free(symbolizer);
}

static void a_file_of_another_build_is_not_used(void **state)
{
	struct symbolizer_module module = this_program();
	uint8_t other[64];

	(void)state;
	memcpy(other, module.build_id, module.build_id_length);
	other[0] ^= 1;
	module.build_id = other;
	assert_problem(module, "the file has another build-id");
	module.build_id = this_program().build_id;
	module.build_id_length--;
	assert_problem(module, "the file has another build-id");
}

static void a_file_that_is_none_is_a_problem(void **state)
{
	struct symbolizer_module module = { .path = file };
	char long_path[8192];

	(void)state;
	assert_problem(module, "the file cannot be opened: No such file or directory");
	module.path = "test_symbolizer.c";
	assert_problem(module, "the path is not absolute");
	module.path = "/tmp";
	assert_problem(module, "the path is no regular file");
	assert_int_equal(mkfifo(file, 0600), 0);
	module.path = file;
	assert_problem(module, "the path is no regular file");
	unlink(file);
	close(open(file, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	assert_problem(module, "the file is no program or shared library");
	memset(long_path, '/', sizeof(long_path) - 1);
	long_path[sizeof(long_path) - 1] = 0;
	module.path = long_path;
	assert_problem(module, "the name is no path");
	module.path = "";
	assert_problem(module, "the name is no path");
	module.path = NULL;
	assert_problem(module, "the name is no path");
	unlink(file);
}

static void an_impossible_build_id_is_no_build_id(void **state)
{
	static const uint8_t bytes[1000];
	struct symbolizer_module module = this_program();
	struct symbolizer_location found[SYMBOLIZER_INLINE_MAX];
	struct symbolizer *symbolizer = make(NULL);

	(void)state;
	module.build_id = bytes;
	module.build_id_length = sizeof(bytes);
	assert_int_equal(symbolizer_find(symbolizer, &module, target_offset(), found), 0);
	assert_non_null(symbolizer_problem(symbolizer, &module));
	symbolizer_free(symbolizer);
}

/* DIRECTORY/.build-id/xx/yyyy.debug */
static void format_debug_file(char *path, size_t size, const struct symbolizer_module *module)
{
	int length = snprintf(path, size, "%s/.build-id", directory);

	mkdir(path, 0700);
	length += snprintf(path + length, size - (size_t)length, "/%02x", module->build_id[0]);
	mkdir(path, 0700);
	for (size_t i = 1; i < module->build_id_length; i++)
		length += snprintf(path + length, size - (size_t)length, i == 1 ? "/%02x" : "%02x",
				   module->build_id[i]);
	snprintf(path + length, size - (size_t)length, ".debug");
}

static void a_file_that_is_gone_is_found_by_its_build_id(void **state)
{
	struct symbolizer *symbolizer = make(directory);
	struct symbolizer_module module = this_program();
	struct symbolizer_location found[SYMBOLIZER_INLINE_MAX];
	char path[256];

	(void)state;
	module.path = "/nonexistent/program";
	format_debug_file(path, sizeof(path), &module);
	this_program_copy(path, 0);
	assert_int_equal(symbolizer_find(symbolizer, &module, target_offset(), found), 1);
	assert_string_equal(found[0].function, "target");
	assert_null(symbolizer_problem(symbolizer, &module));
	symbolizer_free(symbolizer);
	unlink(path);
}

static void the_network_is_asked_only_on_demand(void **state)
{
	struct symbolizer_options options = { .use_debuginfod = true };

	(void)state;
	setenv("DEBUGINFOD_URLS", "http://127.0.0.1:1/", 1);
	symbolizer_free(symbolizer_new(&options));
	assert_non_null(getenv("DEBUGINFOD_URLS"));
	symbolizer_free(make(NULL));
	assert_null(getenv("DEBUGINFOD_URLS"));
}

static void ask_all_over(const char *path)
{
	struct symbolizer *symbolizer = make(NULL);
	struct symbolizer_module module = { .path = path };
	struct symbolizer_location found[SYMBOLIZER_INLINE_MAX];
	uint64_t start = target_offset();
	size_t length = 0;

	alarm(20);
	for (uint64_t offset = start - 1024; offset < start + 4096; offset += 7) {
		size_t count = symbolizer_find(symbolizer, &module, offset, found);

		if (count > SYMBOLIZER_INLINE_MAX)
			_exit(1);
		for (size_t i = 0; i < count; i++)
			length += found[i].function ? strlen(found[i].function) : 0;
	}
	__asm__ volatile("" : : "r"(length));
	symbolizer_free(symbolizer);
}

static void assert_survives(const char *path)
{
	int status;
	pid_t child = fork();

	if (!child) {
		ask_all_over(path);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		fail_msg("wait status %d on %s", status, path);
}

static void a_file_that_is_cut_gives_fewer_names(void **state)
{
	struct stat status;

	(void)state;
	assert_int_equal(stat("/proc/self/exe", &status), 0);
	for (int i = 1; i < 40; i++) {
		this_program_copy(file, (uint64_t)(i * (status.st_size / 40)));
		assert_survives(file);
	}
	unlink(file);
}

static void damage(const char *path, unsigned seed)
{
	struct stat status;
	int fd = open(path, O_RDWR | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &status), 0);
	srand(seed);
	for (int i = 0; i < 400; i++) {
		uint8_t byte = (uint8_t)rand();
		/* The head now and then, or nothing would be read at all. */
		bool is_head = seed % 4 == 0 && i < 2;
		off_t at = is_head ? rand() % 64 : 4096 + rand() % (status.st_size - 4096);

		assert_int_equal(pwrite(fd, &byte, 1, at), 1);
	}
	close(fd);
}

static void damaged_files_do_no_harm(void **state)
{
	(void)state;
	for (unsigned seed = 0; seed < 60; seed++) {
		this_program_copy(file, 0);
		damage(file, seed);
		assert_survives(file);
	}
	unlink(file);
}

static int make_directory(void **state)
{
	(void)state;
	if (!mkdtemp(directory))
		return -1;
	snprintf(file, sizeof(file), "%s/file", directory);
	return 0;
}

static int remove_directory(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -r '%s'", directory);
	return system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_address_has_function_file_and_line),
		cmocka_unit_test(an_address_outside_has_nothing),
		cmocka_unit_test(a_file_of_another_build_is_not_used),
		cmocka_unit_test(a_file_that_is_none_is_a_problem),
		cmocka_unit_test(an_impossible_build_id_is_no_build_id),
		cmocka_unit_test(a_file_that_is_gone_is_found_by_its_build_id),
		cmocka_unit_test(the_network_is_asked_only_on_demand),
		cmocka_unit_test(a_file_that_is_cut_gives_fewer_names),
		cmocka_unit_test(damaged_files_do_no_harm),
	};

	return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
