#include "analyze/languages.h"

#include "ledger/layout.h"

const char *language_name(unsigned language)
{
	static const char *const names[LEDGER_LANGUAGE_COUNT] = {
		[LEDGER_NATIVE] = "c",
		[LEDGER_PYTHON] = "python",
		[LEDGER_RUBY] = "ruby",
		[LEDGER_PERL] = "perl",
		[LEDGER_PHP] = "php",
		[LEDGER_LUA] = "lua",
		[LEDGER_TCL] = "tcl",
		[LEDGER_R] = "r",
		[LEDGER_JAVASCRIPT] = "javascript",
	};

	return language < LEDGER_LANGUAGE_COUNT ? names[language] : "unknown";
}
