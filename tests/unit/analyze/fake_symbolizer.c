#include "fake_symbolizer.h"

#include <stdlib.h>
#include <string.h>

enum { SYMBOLS_MAX = 256 };

struct symbolizer {
	int unused;
};

static struct {
	const char *path;
	uint64_t offset;
	struct symbolizer_location location;
} symbols[SYMBOLS_MAX];
static size_t symbol_count;

void fake_line(const char *path, uint64_t offset, const char *function, const char *file,
	       uint32_t line)
{
	if (symbol_count == SYMBOLS_MAX)
		abort();
	symbols[symbol_count].path = path;
	symbols[symbol_count].offset = offset - 1;
	symbols[symbol_count++].location =
		(struct symbolizer_location){ .function = function, .file = file, .line = line };
}

void fake_symbol(const char *path, uint64_t offset, const char *function)
{
	fake_line(path, offset, function, NULL, 0);
}

static const char *nameless_path, *nameless_problem;

void fake_problem(const char *path, const char *problem)
{
	nameless_path = path;
	nameless_problem = problem;
}

void fake_symbols_clear(void)
{
	symbol_count = 0;
	fake_problem(NULL, NULL);
}

struct symbolizer *symbolizer_new(const struct symbolizer_options *options)
{
	(void)options;
	return calloc(1, sizeof(struct symbolizer));
}

void symbolizer_free(struct symbolizer *symbolizer)
{
	free(symbolizer);
}

const char *symbolizer_problem(struct symbolizer *symbolizer,
			       const struct symbolizer_module *module)
{
	(void)symbolizer;
	return nameless_path && strcmp(nameless_path, module->path) == 0 ? nameless_problem : NULL;
}

size_t symbolizer_find(struct symbolizer *symbolizer, const struct symbolizer_module *module,
		       uint64_t offset, struct symbolizer_location *locations)
{
	size_t count = 0;

	(void)symbolizer;
	for (size_t i = 0; i < symbol_count && count < SYMBOLIZER_INLINE_MAX; i++)
		if (symbols[i].offset == offset && strcmp(symbols[i].path, module->path) == 0)
			locations[count++] = symbols[i].location;
	for (size_t i = 0; i + 1 < count; i++)
		locations[i].is_inlined = true;
	return count;
}
