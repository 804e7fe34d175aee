#include "analyze/owner.h"

#include <string.h>

#include "analyze/owner_perl.h"
#include "analyze/owner_ruby.h"
#include "analyze/pattern.h"

static const struct {
	enum ledger_language language;
	const char *pattern, *library;
} libraries[] = {
#define LIBRARY(language, pattern, library) { language, pattern, library },
#include "analyze/libraries.def"
#undef LIBRARY
};

static const struct {
	const char *directory, *library;
} packages[] = {
#define PACKAGE(directory, library) { directory, library },
#include "analyze/packages.def"
#undef PACKAGE
};

static const struct {
	const char *pattern, *library;
} sources[] = {
#define SOURCE(pattern, library) { pattern, library },
#include "analyze/sources.def"
#undef SOURCE
};

static const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* What stands behind the last site-packages/ or dist-packages/ in the path. */
static const char *inside_packages(const char *path)
{
	static const char *const directories[] = { "/site-packages/", "/dist-packages/" };
	const char *inside = NULL;

	for (size_t i = 0; i < sizeof(directories) / sizeof(directories[0]); i++) {
		const char *found = path;

		while ((found = strstr(found, directories[i]))) {
			found += strlen(directories[i]);
			if (!inside || found > inside)
				inside = found;
		}
	}
	return inside;
}

/* What stands behind the last vendor/ in the path, where Composer puts PHP's packages:
 * "doctrine/dbal/src/..."; "autoload.php" and "composer/..." are its own. */
static const char *inside_vendor(const char *path)
{
	static const char vendor[] = "/vendor/";
	const char *inside = NULL;

	while ((path = strstr(path, vendor)))
		inside = path += strlen(vendor);
	return inside;
}

/* The length of the package's name in front of the path inside of its directory. */
static size_t package_length(enum ledger_language language, const char *inside)
{
	size_t length = strcspn(inside, "/.");

	if (language == LEDGER_PHP && inside[length] == '/' && strncmp(inside, "composer/", 9) != 0)
		length += 1 + strcspn(inside + length + 1, "/");
	return length;
}

static enum owner package_owner(struct arena *arena, enum ledger_language language,
				const char *inside, const char **ret_library)
{
	size_t length = package_length(language, inside);

	for (size_t i = 0; i < sizeof(packages) / sizeof(packages[0]); i++)
		if (strlen(packages[i].directory) == length &&
		    memcmp(packages[i].directory, inside, length) == 0) {
			*ret_library = packages[i].library;
			return OWNER_LIBRARY;
		}
	*ret_library = arena_format(arena, "%.*s", (int)(length < 256 ? length : 256), inside);
	return OWNER_PACKAGE;
}

/* A launcher that a package installed: its only frame is <module>, outermost. */
static bool is_launcher(enum ledger_language language, const char *path)
{
	return language == LEDGER_PYTHON && pattern_matches("*/bin/*", strlen("*/bin/*"), path) &&
	       !strchr(last_part(path), '.');
}

static bool row_matches(size_t row, enum ledger_language language, const char *path,
			bool is_main_module)
{
	const char *pattern = libraries[row].pattern;

	if (libraries[row].language != language)
		return false;
	/* A main program is the user's wherever it lies, unless it is an interpreter. */
	if (is_main_module && !*libraries[row].library)
		return false;
	if (language == LEDGER_NATIVE && !strchr(pattern, '/'))
		path = last_part(path);
	return pattern_matches(pattern, strlen(pattern), path);
}

static const char *library_name(struct arena *arena, size_t row, const char *path)
{
	const char *name = last_part(path);
	size_t length = strcspn(name, ".");

	if (*libraries[row].library)
		return libraries[row].library;
	return arena_format(arena, "%.*s", (int)(length < 256 ? length : 256), name);
}

enum owner owner_find(struct arena *arena, enum ledger_language language, const char *path,
		      bool is_main_module, const char **ret_library)
{
	const char *inside = language == LEDGER_PHP ? inside_vendor(path) : inside_packages(path);

	if (language == LEDGER_PERL)
		return owner_find_perl(arena, path, ret_library);
	if (language == LEDGER_RUBY)
		return owner_find_ruby(arena, path, ret_library);
	*ret_library = "";
	for (size_t i = 0; i < sizeof(libraries) / sizeof(libraries[0]); i++) {
		/* The standard library's directory also holds site-packages, and a wheel's
		 * own libpq lies in there. */
		if (inside && language != LEDGER_NATIVE)
			break;
		if (row_matches(i, language, path, is_main_module) &&
		    !(inside && !*libraries[i].library)) {
			*ret_library = library_name(arena, i, path);
			return OWNER_LIBRARY;
		}
	}
	if (inside)
		return package_owner(arena, language, inside, ret_library);
	if (is_launcher(language, path)) {
		*ret_library = last_part(path);
		return OWNER_PACKAGE;
	}
	if (language == LEDGER_NATIVE && !*path) {
		*ret_library = "unknown";
		return OWNER_LIBRARY;
	}
	return OWNER_PROGRAM;
}

const char *owner_of_source(const char *file)
{
	for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++)
		if (pattern_matches(sources[i].pattern, strlen(sources[i].pattern), file))
			return sources[i].library;
	return "";
}
