#include "analyze/sqlstate.h"

#include <stddef.h>
#include <string.h>

static const struct {
	const char *sqlstate, *meaning;
} rows[] = {
#define SQLSTATE(sqlstate, meaning) { sqlstate, meaning },
#include "analyze/sqlstates.def"
#undef SQLSTATE
};

const char *sqlstate_meaning(const char *sqlstate)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (strcmp(rows[i].sqlstate, sqlstate) == 0)
			return rows[i].meaning;
	return "";
}
