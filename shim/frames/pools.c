#include "frames/pools.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct pool_row {
	enum ledger_language language;
	const char *file;
	const char *function;
	const char *library;
};

static const struct pool_row rows[] = {
#define POOL(language, file, function, library) { language, file, function, library },
#include "frames/pools.def"
#undef POOL
};

static bool ends_with(const char *string, const char *end)
{
	size_t length = strlen(string);
	size_t end_length = strlen(end);

	return length >= end_length && strcmp(string + length - end_length, end) == 0;
}

const char *pool_library(enum ledger_language language, const char *file, const char *function)
{
	const char *dot = strrchr(function, '.');
	const char *bare = dot ? dot + 1 : function;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (rows[i].language == language && strcmp(rows[i].function, bare) == 0 &&
		    ends_with(file, rows[i].file))
			return rows[i].library;
	return NULL;
}
