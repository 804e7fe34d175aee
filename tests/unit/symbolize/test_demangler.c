/* Names as compilers and linkers write them, made readable. */
#include "symbolize/demangler.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char *const rows[][2] = {
	{ "main", "main" },
	{ "", "" },
	{ "_Z", "_Z" },
	{ "_Z9short", "_Z9short" },
	{ "_ZN4pool7connectEPKc", "pool::connect(char const*)" },
	{ "_Z3addIiET_S0_S0_", "int add<int>(int, int)" },
	{ "_ZN4pool7connectEPKc.cold", "pool::connect(char const*) [clone .cold]" },
	{ "PQconnectdb@@LIBPQ_17", "PQconnectdb" },
	{ "_ZN4pool7connectEPKc@V1", "pool::connect(char const*)" },
	{ "_ZN4core3fmt5write17h0123456789abcdefE", "core::fmt::write" },
	{ "_ZN4core3fmt5write17h0123456789abcdegE", "core::fmt::write::h0123456789abcdeg" },
	{ "_ZN17h0123456789abcdefE", "h0123456789abcdef" },
	{ "_ZN3std2rt10lang_start28_$u7b$$u7b$closure$u7d$$u7d$17ha98df6d20e5ac2fdE",
	  "std::rt::lang_start::{{closure}}" },
	{ "_ZN51_$LT$app..Pool$u20$as$u20$core..ops..drop..Drop$GT$4drop17h0123456789abcdefE",
	  "<app::Pool as core::ops::drop::Drop>::drop" },
	{ "_ZN4pool11snake_$u7b$4work17h0123456789abcdefE", "pool::snake_{::work" },
};

static void names_become_readable_or_stay(void **state)
{
	struct demangler *demangler = demangler_new();

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		assert_string_equal(demangler_name(demangler, rows[i][0]), rows[i][1]);
	demangler_free(demangler);
}

static void the_same_name_is_made_once(void **state)
{
	struct demangler *demangler = demangler_new();
	char copy[] = "_ZN4pool7connectEPKc";

	(void)state;
	assert_ptr_equal(demangler_name(demangler, "_ZN4pool7connectEPKc"),
			 demangler_name(demangler, copy));
	demangler_free(demangler);
}

static void a_name_beyond_all_reason_stays(void **state)
{
	struct demangler *demangler = demangler_new();
	size_t length = 1 << 20;
	char *name = malloc(length + 1);

	(void)state;
	/* One pointer a letter: a demangler recurses for each. */
	memset(name, 'P', length);
	memcpy(name, "_Z1f", 4);
	name[length] = 0;
	assert_ptr_equal(demangler_name(demangler, name), name);
	name[4000] = 0;
	assert_non_null(demangler_name(demangler, name));
	demangler_free(demangler);
	free(name);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_become_readable_or_stay),
		cmocka_unit_test(the_same_name_is_made_once),
		cmocka_unit_test(a_name_beyond_all_reason_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
