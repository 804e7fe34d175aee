#include "analyze/languages.h"

#include <stddef.h>
#include <string.h>

static const struct {
	const char *name, *title, *interpreter;
} languages[LEDGER_LANGUAGE_COUNT] = {
#define LANGUAGE(id, name, title, interpreter) [id] = { name, title, interpreter },
#include "analyze/languages.def"
#undef LANGUAGE
};

const char *language_name(unsigned language)
{
	return language < LEDGER_LANGUAGE_COUNT ? languages[language].name : "unknown";
}

const char *language_title(unsigned language)
{
	return language < LEDGER_LANGUAGE_COUNT ? languages[language].title : "unknown";
}

enum ledger_language language_of_interpreter(const char *library)
{
	for (size_t i = LEDGER_NATIVE + 1; i < LEDGER_LANGUAGE_COUNT; i++)
		if (strcmp(library, languages[i].interpreter) == 0)
			return (enum ledger_language)i;
	return LEDGER_NATIVE;
}
