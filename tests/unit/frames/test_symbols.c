/* Symbols of the loaded objects, against what dlsym says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dlfcn.h>
#include <errno.h>
#include <string.h>

#include "frames/symbols.h"

static void a_symbol_is_where_dlsym_finds_it(void **state)
{
	static const char *const names[] = { "malloc", "environ", "_cmocka_run_group_tests",
					     "pthread_create", "dl_iterate_phdr" };
	struct symbol symbol;

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		assert_true(symbol_find(names[i], &symbol));
		assert_ptr_equal(dlsym(RTLD_DEFAULT, names[i]), (void *)symbol.address);
		assert_int_equal(symbol.address, symbol_address(names[i]));
	}
	assert_true(symbol_find("dl_iterate_phdr", &symbol));
	assert_true(symbol.size > 0);
}

static void a_miss_says_so_and_leaves_dlerror_alone(void **state)
{
	(void)state;
	dlerror();
	assert_int_equal(0, symbol_address("there_is_no_such_symbol"));
	assert_int_equal(0, symbol_address(""));
	assert_null(dlerror());
}

static void a_local_plugin_is_found_while_it_is_loaded(void **state)
{
	unsigned long long unloaded = symbols_unloaded();

	(void)state;
	assert_int_equal(0, symbol_address("PyGILState_GetThisThreadState"));

	void *plugin = dlopen(LOCAL_PLUGIN, RTLD_NOW | RTLD_LOCAL);

	assert_non_null(plugin);
	assert_null(dlsym(RTLD_DEFAULT, "PyGILState_GetThisThreadState"));
	assert_ptr_equal(dlsym(plugin, "PyGILState_GetThisThreadState"),
			 (void *)symbol_address("PyGILState_GetThisThreadState"));
	assert_int_equal(unloaded, symbols_unloaded());
	dlclose(plugin);
	assert_int_equal(0, symbol_address("PyGILState_GetThisThreadState"));
	assert_int_not_equal(unloaded, symbols_unloaded());
}

static void code_is_the_segment_that_holds_it(void **state)
{
	uintptr_t here = (uintptr_t)&code_is_the_segment_that_holds_it;
	struct symbol code;
	int data = 0;

	(void)state;
	assert_true(symbol_code(here, &code));
	assert_true(here >= code.address && here < code.address + code.size);
	assert_false(symbol_code((uintptr_t)&dlopen, &code) && here >= code.address &&
		     here < code.address + code.size);
	assert_false(symbol_code((uintptr_t)&data, &code));
}

static void a_thread_local_variable_is_this_threads(void **state)
{
	(void)state;
	assert_ptr_equal(&errno, (void *)symbol_address("errno"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_symbol_is_where_dlsym_finds_it),
		cmocka_unit_test(a_miss_says_so_and_leaves_dlerror_alone),
		cmocka_unit_test(a_thread_local_variable_is_this_threads),
		cmocka_unit_test(a_local_plugin_is_found_while_it_is_loaded),
		cmocka_unit_test(code_is_the_segment_that_holds_it),
	};

	return cmocka_run_group_tests_name("symbols", tests, NULL, NULL);
}
