#include "analyze/owner_ruby.h"

#include <string.h>

#include "analyze/pattern.h"

static const struct {
	const char *name, *library;
} gems[] = {
#define GEM(name, library) { name, library },
#include "analyze/gems.def"
#undef GEM
};

struct name {
	const char *text;
	size_t length;
};

static bool is_digit(char character)
{
	return character >= '0' && character <= '9';
}

static bool begins_with(const char *text, const char *start)
{
	return strncmp(text, start, strlen(start)) == 0;
}

/* "activerecord-import-1.4.1" without its version, "shop-0f3c2a9b1d4e" of a git revision
 * without that; empty when there is neither: a directory of the program's own. */
static struct name gem_name(const char *directory)
{
	size_t length = strcspn(directory, "/");
	struct name name = { directory, 0 };

	for (size_t i = 1; i + 1 < length; i++) {
		size_t digits = strspn(directory + i + 1, "0123456789abcdef");

		if (directory[i] == '-' &&
		    (is_digit(directory[i + 1]) || (digits >= 7 && i + 1 + digits == length))) {
			name.length = i;
			break;
		}
	}
	return name;
}

/* The gem that the last directory of gems in the path holds. */
static struct name find_gem(const char *path)
{
	struct name found = { path, 0 };

	while ((path = strstr(path, "/gems/"))) {
		struct name name = gem_name(path += strlen("/gems/"));

		if (name.length)
			found = name;
		path--;
	}
	return found;
}

/* What Debian and others put in vendor_ruby/, with or without a version's directory. */
static struct name find_vendored(const char *path)
{
	static const char *const directories[] = { "/vendor_ruby/", "/site_ruby/" };
	struct name found = { path, 0 };

	for (size_t i = 0; i < sizeof(directories) / sizeof(directories[0]); i++) {
		const char *inside = strstr(path, directories[i]);

		if (!inside)
			continue;
		inside += strlen(directories[i]);
		if (is_digit(*inside))
			inside += strcspn(inside, "/");
		inside += *inside == '/';
		found = (struct name){ inside, strcspn(inside, "/.") };
	}
	return found;
}

static bool is_core(const char *path)
{
	static const char *const patterns[] = { "*/lib/ruby/*", "*/lib64/ruby/*",
						"*/share/ruby/*" };

	for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++)
		if (pattern_matches(patterns[i], strlen(patterns[i]), path))
			return true;
	return begins_with(path, "<internal:");
}

/* A command that a package installed: its only frame is <main>, outermost. */
static bool is_launcher(const char *path)
{
	static const char *const directories[] = { "/usr/bin/", "/usr/local/bin/" };
	const char *name = strrchr(path, '/');

	for (size_t i = 0; i < sizeof(directories) / sizeof(directories[0]); i++)
		if (begins_with(path, directories[i]) && !strchr(name, '.'))
			return true;
	return false;
}

enum owner owner_find_ruby(struct arena *arena, const char *path, const char **ret_library)
{
	struct name name = find_gem(path);

	if (!name.length)
		name = find_vendored(path);
	for (size_t i = 0; i < sizeof(gems) / sizeof(gems[0]) && name.length; i++)
		if (strlen(gems[i].name) == name.length &&
		    memcmp(gems[i].name, name.text, name.length) == 0) {
			*ret_library = gems[i].library;
			return OWNER_LIBRARY;
		}
	*ret_library = "";
	if (name.length) {
		*ret_library = arena_format(arena, "%.*s", (int)name.length, name.text);
		return OWNER_PACKAGE;
	}
	if (is_core(path)) {
		*ret_library = "ruby";
		return OWNER_LIBRARY;
	}
	/* Code of an eval has no lines to show: what called it is better, if it is known. */
	if (begins_with(path, "(eval") || is_launcher(path)) {
		*ret_library = *path == '(' ? "eval" : strrchr(path, '/') + 1;
		return OWNER_PACKAGE;
	}
	return OWNER_PROGRAM;
}
