/* Whose a Perl file is, and how Perl's connections came to their ends, a row each. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "analyze/endings.h"
#include "analyze/hows.h"
#include "analyze/owner.h"

#define LOCAL "/srv/shop/local/lib/perl5/"
#define DEBIAN "/usr/lib/x86_64-linux-gnu/perl5/5.36/"
#define BREW "/opt/perlbrew/perls/perl-5.40.0/lib/"

static const struct {
	const char *path;
	enum owner owner;
	const char *library;
} files[] = {
	{ "/srv/app.pl", OWNER_PROGRAM, "" },
	{ "app.pl", OWNER_PROGRAM, "" },
	{ "-e", OWNER_PROGRAM, "" },
	{ "lib/Shop/Store.pm", OWNER_PROGRAM, "" },
	{ "/srv/shop/lib/DBI.pm", OWNER_PROGRAM, "" },
	{ "/srv/perl5/lib/Shop.pm", OWNER_PROGRAM, "" },
	{ "/srv/x86_64-linux-gnu/app.pl", OWNER_PROGRAM, "" },
	{ "(eval 12)", OWNER_PACKAGE, "eval" },
	{ DEBIAN "DBI.pm", OWNER_LIBRARY, "DBI" },
	{ DEBIAN "DBD/Pg.pm", OWNER_LIBRARY, "DBD::Pg" },
	{ DEBIAN "DBI/Const/GetInfoType.pm", OWNER_LIBRARY, "DBI" },
	{ "/usr/share/perl5/DBIx/Class/Storage/DBI.pm", OWNER_LIBRARY, "DBIx::Class" },
	{ "/usr/share/perl5/DBIx/Connector.pm", OWNER_LIBRARY, "DBIx::Connector" },
	{ "/usr/share/perl5/DBIx/Simple.pm", OWNER_LIBRARY, "DBIx" },
	{ "/usr/share/perl5/Mojo/Pg/Database.pm", OWNER_LIBRARY, "Mojo::Pg" },
	{ "/usr/share/perl5/PgCommon.pm", OWNER_PACKAGE, "PgCommon" },
	{ "/usr/share/perl5/Shop/Store/Orders.pm", OWNER_PACKAGE, "Shop::Store" },
	{ "/usr/share/perl/5.36/Carp.pm", OWNER_LIBRARY, "perl" },
	{ "/usr/share/perl/5.36.0/Test/More.pm", OWNER_LIBRARY, "perl" },
	{ "/usr/lib/x86_64-linux-gnu/perl/5.36/List/Util.pm", OWNER_LIBRARY, "perl" },
	{ "/usr/lib/x86_64-linux-gnu/perl-base/Carp.pm", OWNER_LIBRARY, "perl" },
	{ "/usr/local/share/perl/5.36.0/DBIx/Class.pm", OWNER_LIBRARY, "DBIx::Class" },
	{ "/usr/local/share/perl/5.36.0/Shop.pm", OWNER_PACKAGE, "Shop" },
	{ "/usr/local/lib/x86_64-linux-gnu/perl/5.36.0/DBI.pm", OWNER_LIBRARY, "DBI" },
	{ "/usr/share/perl5/vendor_perl/Try/Tiny.pm", OWNER_LIBRARY, "Try::Tiny" },
	{ "/usr/lib64/perl5/vendor_perl/DBI.pm", OWNER_LIBRARY, "DBI" },
	{ LOCAL "x86_64-linux-gnu-thread-multi/DBI.pm", OWNER_LIBRARY, "DBI" },
	{ LOCAL "5.36.0/x86_64-linux/DBD/Pg.pm", OWNER_LIBRARY, "DBD::Pg" },
	{ LOCAL "Shop/Store.pm", OWNER_PACKAGE, "Shop::Store" },
	{ "/srv/user/perl5/lib/perl5/Mojo/Base.pm", OWNER_LIBRARY, "Mojolicious" },
	{ BREW "site_perl/5.40.0/aarch64-linux/DBI.pm", OWNER_LIBRARY, "DBI" },
	{ BREW "site_perl/5.40.0/Shop.pm", OWNER_PACKAGE, "Shop" },
	{ BREW "5.40.0/Carp.pm", OWNER_LIBRARY, "perl" },
	{ "/usr/local/lib/perl5/5.40.0/Carp.pm", OWNER_LIBRARY, "perl" },
};

static void every_file_has_its_owner(void **state)
{
	struct arena *arena = arena_new();

	(void)state;
	assert_non_null(arena);
	assert_false(arena_begin(arena));
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		const char *library;
		enum owner owner = owner_find(arena, LEDGER_PERL, files[i].path, false, &library);

		if (owner != files[i].owner || strcmp(library, files[i].library) != 0)
			fail_msg("%s: %d '%s'", files[i].path, (int)owner, library);
	}
	arena_free(arena);
}

static void a_program_that_is_named_like_perl_is_the_user_s(void **state)
{
	struct arena *arena = arena_new();
	const char *library;

	(void)state;
	assert_non_null(arena);
	assert_false(arena_begin(arena));
	assert_int_equal(OWNER_PROGRAM, owner_find(arena, LEDGER_NATIVE, "/srv/perl_host", true,
						   &library));
	arena_free(arena);
}

static void modules_of_c_code_have_their_names(void **state)
{
	static const char *const modules[][2] = {
		{ DEBIAN "auto/DBD/Pg/Pg.so", "DBD::Pg" },
		{ LOCAL "x86_64-linux/auto/DBI/DBI.so", "DBI" },
		{ BREW "5.40.0/x86_64-linux/auto/List/Util/Util.so", "Util" },
		{ "/opt/perlbrew/perls/perl-5.40.0/bin/perl5.40.0", "perl" },
		{ "/usr/lib/x86_64-linux-gnu/libperl.so.5.36", "perl" },
	};
	struct arena *arena = arena_new();

	(void)state;
	assert_non_null(arena);
	assert_false(arena_begin(arena));
	for (size_t i = 0; i < sizeof(modules) / sizeof(modules[0]); i++) {
		const char *library;

		assert_int_equal(OWNER_LIBRARY, owner_find(arena, LEDGER_NATIVE, modules[i][0],
							   false, &library));
		assert_string_equal(modules[i][1], library);
	}
	arena_free(arena);
}

enum { FRAMES_MAX = 6 };

#define FRAME(in_language, in_library, name, path) { .language = in_language, \
	.library = in_library, .function = name, .file = path, .module = "", .build_id = "" }
#define PERL(name) FRAME("perl", "", name, "/srv/app.pl")
#define NATIVE(name) FRAME("c", "perl", name, "")
#define PG FRAME("c", "libpq", "PQfinish", ""), FRAME("c", "DBD::Pg", "pg_db_disconnect", "")
#define RUN NATIVE("Perl_runops_standard")
#define KNOWN LEDGER_COLLECTING_KNOWN

static const struct {
	const char *story;
	unsigned evidence;
	const char *called;
	struct report_frame frames[FRAMES_MAX]; /* ends with a frame without language */
	enum ending ending;
	enum how how;
} ends[] = {
	{ "$dbh->disconnect", KNOWN, "disconnect", { PG, PERL("main::work"), RUN },
	  ENDING_CLOSED, HOW_CALL },
	{ "by another name", KNOWN, "?", { PG, PERL("main::work"), RUN },
	  ENDING_CLOSED, HOW_CALL },
	{ "the last reference", KNOWN, "", { PG, PERL("main::work"), RUN },
	  ENDING_COLLECTED, HOW_REFERENCE },
	{ "disconnect in a DESTROY", KNOWN, "disconnect",
	  { PG, PERL("Store::DESTROY"), PERL("main::work"), RUN },
	  ENDING_COLLECTED, HOW_FINALISER },
	{ "a sub that is called like it ends", KNOWN, "disconnect",
	  { PG, PERL("main::PRETENDING"), RUN }, ENDING_CLOSED, HOW_CALL },
	{ "global destruction", KNOWN | LEDGER_FINALIZING, "", { PG, NATIVE("perl_destruct") },
	  ENDING_SHUTDOWN, HOW_INTERPRETER },
	{ "a DESTROY in global destruction", KNOWN | LEDGER_FINALIZING, "disconnect",
	  { PG, PERL("Store::DESTROY"), NATIVE("perl_destruct") },
	  ENDING_SHUTDOWN, HOW_INTERPRETER },
	{ "an END block", KNOWN, "disconnect", { PG, PERL("Shop::END"), NATIVE("perl_destruct") },
	  ENDING_SHUTDOWN, HOW_EXIT_HANDLER },
	{ "exit", KNOWN, "", { PG, PERL("main::work"), NATIVE("Perl_my_exit"), RUN },
	  ENDING_SHUTDOWN, HOW_INTERPRETER },
	{ "die", KNOWN, "", { PG, PERL("main::work"), NATIVE("Perl_my_failure_exit"), RUN },
	  ENDING_SHUTDOWN, HOW_INTERPRETER },
	{ "a thread's interpreter goes", KNOWN, "", { PG, NATIVE("perl_destruct") },
	  ENDING_COLLECTED, HOW_REFERENCE },
};

static void every_end_is_told(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		struct report_stack stack = { ends[i].frames, 0, false };

		while (stack.count < FRAMES_MAX && ends[i].frames[stack.count].language)
			stack.count++;

		enum ending ending = ending_of_finished(ends[i].evidence, &stack, ends[i].called,
							true);
		enum how how = how_of_finished(ending, ends[i].evidence, &stack, true);

		if (ending != ends[i].ending || how != ends[i].how)
			fail_msg("%s: ending %d, how %d", ends[i].story, (int)ending, (int)how);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_file_has_its_owner),
		cmocka_unit_test(a_program_that_is_named_like_perl_is_the_user_s),
		cmocka_unit_test(modules_of_c_code_have_their_names),
		cmocka_unit_test(every_end_is_told),
	};

	return cmocka_run_group_tests_name("perl", tests, NULL, NULL);
}
