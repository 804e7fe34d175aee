/* An interpreter is looked for until it is there, and again when it may have gone. */
#include <dlfcn.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "frames/attachment.h"
#include "frames/symbols.h"

static enum language_state found;
static bool is_still_there;
static int finds;

static enum language_state find(void)
{
	finds++;
	return found;
}

static bool is_there(void)
{
	return is_still_there;
}

static void something_is_unloaded(void)
{
	void *plugin = dlopen(LOCAL_PLUGIN, RTLD_NOW | RTLD_LOCAL);

	assert_non_null(plugin);
	assert_int_equal(dlclose(plugin), 0);
}

static void it_is_looked_for_until_it_is_there(void **unused)
{
	struct attachment attachment = ATTACHMENT(find, is_there, NULL);

	(void)unused;
	finds = 0;
	found = LANGUAGE_ABSENT;
	assert_int_equal(attachment_attach(&attachment), LANGUAGE_ABSENT);
	assert_false(attachment_holds(&attachment));
	found = LANGUAGE_READY;
	assert_int_equal(attachment_attach(&attachment), LANGUAGE_READY);
	assert_int_equal(attachment_attach(&attachment), LANGUAGE_READY);
	assert_int_equal(finds, 2);
}

static void what_cannot_be_read_is_looked_for_once(void **unused)
{
	struct attachment attachment = ATTACHMENT(find, is_there, NULL);

	(void)unused;
	finds = 0;
	found = LANGUAGE_UNSUPPORTED;
	assert_int_equal(attachment_attach(&attachment), LANGUAGE_UNSUPPORTED);
	found = LANGUAGE_READY;
	something_is_unloaded();
	assert_int_equal(attachment_attach(&attachment), LANGUAGE_UNSUPPORTED);
	assert_false(attachment_holds(&attachment));
	assert_int_equal(finds, 1);
}

static void another_library_that_goes_changes_nothing(void **unused)
{
	struct attachment attachment = ATTACHMENT(find, is_there, NULL);

	(void)unused;
	finds = 0;
	found = LANGUAGE_READY;
	attachment_attach(&attachment);
	is_still_there = true;
	something_is_unloaded();
	assert_true(attachment_holds(&attachment));
	assert_int_equal(finds, 1);
}

static void one_that_went_is_found_again_or_is_gone(void **unused)
{
	struct attachment attachment = ATTACHMENT(find, is_there, NULL);

	(void)unused;
	finds = 0;
	found = LANGUAGE_READY;
	attachment_attach(&attachment);
	is_still_there = false;
	assert_true(attachment_holds(&attachment)); /* nothing was unloaded: nobody is asked */
	something_is_unloaded();
	assert_true(attachment_holds(&attachment));
	assert_int_equal(finds, 2);
	found = LANGUAGE_ABSENT;
	something_is_unloaded();
	assert_false(attachment_holds(&attachment));
	found = LANGUAGE_READY;
	assert_int_equal(attachment_attach(&attachment), LANGUAGE_READY);
}

static void one_that_never_goes_is_not_followed(void **unused)
{
	struct attachment attachment = ATTACHMENT(find, NULL, NULL);

	(void)unused;
	finds = 0;
	found = LANGUAGE_READY;
	attachment_attach(&attachment);
	something_is_unloaded();
	assert_true(attachment_holds(&attachment));
	assert_int_equal(finds, 1);
}

static uintptr_t plugin_place;

static uintptr_t place(void)
{
	return plugin_place;
}

/* As the exported dlopen does. */
static void *plugin_open(void)
{
	symbols_opening();
	void *plugin = dlopen(LOCAL_PLUGIN, RTLD_NOW | RTLD_LOCAL);

	assert_non_null(plugin);
	plugin_place = (uintptr_t)dlsym(plugin, "PyGILState_GetThisThreadState");
	return plugin;
}

static void it_stays_until_its_object_goes_or_another_may_have_come(void **unused)
{
	struct attachment attachment = ATTACHMENT(find, is_there, place);
	void *plugin = plugin_open();

	(void)unused;
	found = LANGUAGE_READY;
	is_still_there = true;
	assert_false(attachment_stays(&attachment));
	attachment_attach(&attachment);
	assert_true(attachment_stays(&attachment));
	symbols_opening();
	assert_false(attachment_stays(&attachment));
	assert_true(attachment_holds(&attachment));
	assert_true(attachment_stays(&attachment));
	dlclose(plugin);
	assert_false(attachment_stays(&attachment));
	/* At the same place, most likely. */
	plugin = plugin_open();
	assert_false(attachment_stays(&attachment));
	finds = 0;
	is_still_there = false;
	assert_true(attachment_holds(&attachment));
	assert_int_equal(finds, 1);
	assert_true(attachment_stays(&attachment));
	dlclose(plugin);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_looked_for_until_it_is_there),
		cmocka_unit_test(what_cannot_be_read_is_looked_for_once),
		cmocka_unit_test(another_library_that_goes_changes_nothing),
		cmocka_unit_test(one_that_went_is_found_again_or_is_gone),
		cmocka_unit_test(one_that_never_goes_is_not_followed),
		cmocka_unit_test(it_stays_until_its_object_goes_or_another_may_have_come),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
