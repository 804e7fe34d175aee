#include "analyze/javascript.h"

#include <stdlib.h>
#include <string.h>

#include "analyze/languages.h"

/* What stands before the ':'; "JS" from node 20 on. */
static const char *const kinds[] = { "JS", "Eval", "Function", "LazyCompile", "Script" };

/* How it was compiled: not at all, for the first time, for speed. */
static const char tiers[] = "~^+*";

static const char *behind_kind(const char *name)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		size_t length = strlen(kinds[i]);

		if (strncmp(name, kinds[i], length) == 0 && name[length] == ':') {
			name += length + 1;
			return *name && strchr(tiers, *name) ? name + 1 : name;
		}
	}
	return NULL;
}

/* Takes ":12" from the end of what stands before `end`. */
static bool number_take(const char *begin, const char **end, unsigned long *ret)
{
	const char *at = *end;

	while (at > begin && at[-1] >= '0' && at[-1] <= '9')
		at--;
	if (at == *end || at == begin || at[-1] != ':')
		return false;
	*ret = strtoul(at, NULL, 10);
	*end = at - 1;
	return true;
}

/* Functions have spaces in their names ("get size"), and so have files: a path begins
 * with a slash or a scheme. */
static const char *find_file(const char *text)
{
	static const char *const begins[] = { " /", " file:", " node:", " evalmachine" };
	const char *found = NULL, *space;

	for (size_t i = 0; i < sizeof(begins) / sizeof(begins[0]) && !found; i++)
		found = strstr(text, begins[i]);
	space = found ? found : strrchr(text, ' ');
	return space ? space + 1 : NULL;
}

bool javascript_frame(struct arena *arena, const char *name, struct report_frame *ret)
{
	static const char scheme[] = "file://";
	const char *function = behind_kind(name);
	const char *file = function ? find_file(function) : NULL;
	unsigned long line, column = 1, before;
	const char *end;

	if (!file)
		return false;
	end = file + strlen(file);
	if (!number_take(file, &end, &line))
		return false;
	if (number_take(file, &end, &before)) {
		column = line;
		line = before;
	}
	ret->language = language_name(LEDGER_JAVASCRIPT);
	ret->function = arena_format(arena, "%.*s", (int)(file - 1 - function), function);
	if (!*ret->function)
		ret->function = line == 1 && column == 1 ? "<module>" : "<anonymous>";
	if (strncmp(file, scheme, strlen(scheme)) == 0)
		file += strlen(scheme);
	ret->file = arena_format(arena, "%.*s", (int)(end - file), file);
	ret->line = (uint32_t)line;
	return true;
}
