/* Whose a Ruby file is, and whether Ruby was at its end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "analyze/endings.h"
#include "analyze/hows.h"
#include "analyze/owner.h"

static const struct {
	enum ledger_language language;
	const char *path;
	enum owner owner;
	const char *library;
} owners[] = {
	{ LEDGER_RUBY, "/srv/app/models/order.rb", OWNER_PROGRAM, "" },
	{ LEDGER_RUBY, "app.rb", OWNER_PROGRAM, "" },
	{ LEDGER_RUBY, "-e", OWNER_PROGRAM, "" },
	{ LEDGER_RUBY, "/srv/bin/job", OWNER_PROGRAM, "" },
	{ LEDGER_RUBY, "/srv/gems/order.rb", OWNER_PROGRAM, "" },
	{ LEDGER_RUBY, "/srv/gems/shop/order.rb", OWNER_PROGRAM, "" },
	{ LEDGER_RUBY, "<internal:kernel>", OWNER_LIBRARY, "ruby" },
	{ LEDGER_RUBY, "/usr/lib/ruby/3.1.0/monitor.rb", OWNER_LIBRARY, "ruby" },
	{ LEDGER_RUBY, "/u/.rbenv/versions/3.3.0/lib/ruby/3.3.0/monitor.rb", OWNER_LIBRARY,
	  "ruby" },
	{ LEDGER_RUBY, "/usr/lib/ruby/vendor_ruby/pg/connection.rb", OWNER_LIBRARY, "pg" },
	{ LEDGER_RUBY, "/usr/lib/ruby/vendor_ruby/pg.rb", OWNER_LIBRARY, "pg" },
	{ LEDGER_RUBY, "/usr/lib/ruby/vendor_ruby/rubygems/core_ext/kernel_require.rb",
	  OWNER_LIBRARY, "ruby" },
	{ LEDGER_RUBY, "/usr/local/lib/site_ruby/3.1.0/shop/order.rb", OWNER_PACKAGE, "shop" },
	{ LEDGER_RUBY, "/usr/share/rubygems-integration/all/gems/activerecord-6.1.7.10/lib/"
	  "active_record/base.rb", OWNER_LIBRARY, "activerecord" },
	{ LEDGER_RUBY, "/u/.rbenv/versions/3.3.0/lib/ruby/gems/3.3.0/gems/pg-1.5.4/lib/pg.rb",
	  OWNER_LIBRARY, "pg" },
	{ LEDGER_RUBY, "/srv/vendor/bundle/ruby/3.3.0/gems/activerecord-import-1.4.1/lib/x.rb",
	  OWNER_LIBRARY, "activerecord" },
	{ LEDGER_RUBY, "/srv/vendor/bundle/ruby/3.3.0/gems/shop-core-2.0/lib/shop.rb",
	  OWNER_PACKAGE, "shop-core" },
	{ LEDGER_RUBY, "/usr/lib/ruby/gems/3.1.0/bundler/gems/shop-0f3c2a9b1d4e/lib/shop.rb",
	  OWNER_PACKAGE, "shop" },
	{ LEDGER_RUBY, "/usr/lib/ruby/gems/3.1.0/bundler/gems/shop-af3c2a9b1d4e/lib/shop.rb",
	  OWNER_PACKAGE, "shop" },
	{ LEDGER_RUBY, "/usr/bin/rackup", OWNER_PACKAGE, "rackup" },
	{ LEDGER_RUBY, "(eval)", OWNER_PACKAGE, "eval" },
	{ LEDGER_RUBY, "(eval at /srv/app.rb:3)", OWNER_PACKAGE, "eval" },
	{ LEDGER_NATIVE, "/usr/lib/x86_64-linux-gnu/ruby/vendor_ruby/3.1.0/pg_ext.so",
	  OWNER_LIBRARY, "pg" },
	{ LEDGER_NATIVE, "/srv/vendor/bundle/ruby/3.3.0/gems/fast-1.0/lib/fast.so", OWNER_LIBRARY,
	  "fast" },
	{ LEDGER_NATIVE, "/u/.rbenv/versions/3.3.0/lib/ruby/3.3.0/x86_64-linux/monitor.so",
	  OWNER_LIBRARY, "monitor" },
	{ LEDGER_NATIVE, "/usr/lib/x86_64-linux-gnu/libruby-3.1.so.3.1", OWNER_LIBRARY, "ruby" },
};

static void every_file_has_its_owner(void **state)
{
	struct arena *arena = arena_new();

	(void)state;
	assert_non_null(arena);
	assert_false(arena_begin(arena));
	for (size_t i = 0; i < sizeof(owners) / sizeof(owners[0]); i++) {
		const char *library;
		enum owner owner = owner_find(arena, owners[i].language, owners[i].path, false,
					      &library);

		if (owner != owners[i].owner || strcmp(library, owners[i].library) != 0)
			fail_msg("%s: %d '%s'", owners[i].path, (int)owner, library);
	}
	arena_free(arena);
}

enum { FRAMES_MAX = 8 };

#define FRAME(in_language, in_library, name) { .language = in_language, .function = name, \
	.file = "", .module = "", .build_id = "", .library = in_library }
#define NATIVE(name) FRAME("c", "ruby", name)
#define RUBY(name) FRAME("ruby", "", name)
#define FINISH FRAME("c", "libpq", "PQfinish"), FRAME("c", "pg", "")
#define RUN NATIVE("ruby_run_node"), FRAME("c", "ruby", ""), FRAME("c", "libc", "_start")

static const struct {
	const char *story;
	unsigned evidence;
	const char *called;
	bool is_truncated;
	struct report_frame frames[FRAMES_MAX]; /* ends with a frame without language */
	enum ending ending;
	enum how how;
} endings[] = {
	{ "close", LEDGER_COLLECTING_KNOWN, "finish", false,
	  { FINISH, RUBY("run"), RUBY("<main>"), NATIVE("rb_vm_exec"), RUN }, ENDING_CLOSED,
	  HOW_CALL },
	{ "a thread closes", LEDGER_COLLECTING_KNOWN, "finish", false,
	  { FINISH, RUBY("block in run"), NATIVE("rb_vm_exec") }, ENDING_CLOSED, HOW_CALL },
	{ "collected while sleep is called", LEDGER_COLLECTING_KNOWN, "sleep", false,
	  { FINISH, RUBY("<main>"), NATIVE("rb_vm_exec"), RUN }, ENDING_COLLECTED,
	  HOW_COLLECTOR },
	{ "collected at once", LEDGER_COLLECTING | LEDGER_COLLECTING_KNOWN, "", false,
	  { FINISH, RUBY("<main>"), NATIVE(""), RUN }, ENDING_COLLECTED, HOW_COLLECTOR },
	{ "collected when the thread's block is over", LEDGER_COLLECTING_KNOWN, "", false,
	  { FINISH, NATIVE("") }, ENDING_COLLECTED, HOW_COLLECTOR },
	{ "all objects go at the end", LEDGER_COLLECTING_KNOWN, "", false,
	  { FINISH, NATIVE(""), RUN }, ENDING_SHUTDOWN, HOW_INTERPRETER },
	{ "the same while it says that it collects", LEDGER_COLLECTING | LEDGER_COLLECTING_KNOWN,
	  "", false, { FINISH, NATIVE(""), RUN }, ENDING_SHUTDOWN, HOW_INTERPRETER },
	{ "at_exit", LEDGER_COLLECTING_KNOWN, "finish", false,
	  { FINISH, RUBY("block in run"), NATIVE("rb_proc_call_kw"), RUN }, ENDING_SHUTDOWN,
	  HOW_EXIT_HANDLER },
	{ "a fiber closes", LEDGER_COLLECTING_KNOWN, "finish", false,
	  { FINISH, RUBY("block in run"), NATIVE("rb_vm_exec") }, ENDING_CLOSED, HOW_CALL },
	{ "a stack that is cut", LEDGER_COLLECTING_KNOWN, "finish", true,
	  { FINISH, RUBY("block in run"), NATIVE("rb_vm_exec"), RUN }, ENDING_CLOSED, HOW_CALL },
	{ "a child's block is over", LEDGER_COLLECTING_KNOWN, "", false,
	  { FINISH, RUBY("<main>"), NATIVE(""), NATIVE("ruby_stop"), RUN }, ENDING_SHUTDOWN,
	  HOW_INTERPRETER },
	{ "an embedded Ruby ends", LEDGER_COLLECTING_KNOWN, "", false,
	  { FINISH, NATIVE(""), NATIVE("ruby_cleanup") }, ENDING_SHUTDOWN, HOW_INTERPRETER },
};

static void every_stack_has_its_ending(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
		struct report_stack stack = { endings[i].frames, 0, endings[i].is_truncated };
		enum ending ending;
		enum how how;

		while (stack.count < FRAMES_MAX && stack.frames[stack.count].language)
			stack.count++;
		ending = ending_of_finished(endings[i].evidence, &stack, endings[i].called, true);
		how = how_of_finished(ending, endings[i].evidence, &stack, true);
		if (ending != endings[i].ending || how != endings[i].how)
			fail_msg("%s: %d %d", endings[i].story, (int)ending, (int)how);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_file_has_its_owner),
		cmocka_unit_test(every_stack_has_its_ending),
	};

	return cmocka_run_group_tests_name("ruby", tests, NULL, NULL);
}
