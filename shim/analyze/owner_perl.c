#include "analyze/owner_perl.h"

#include <string.h>

static const struct {
	const char *path, *library;
} packages[] = {
#define PERL_PACKAGE(path, library) { path, library },
#include "analyze/perl_packages.def"
#undef PERL_PACKAGE
};

struct part {
	const char *text;
	size_t length;
};

static struct part part_at(const char *path)
{
	return (struct part){ path, strcspn(path, "/") };
}

static bool is_text(struct part part, const char *text)
{
	return strlen(text) == part.length && memcmp(part.text, text, part.length) == 0;
}

static bool is_one_of(struct part part, const char *const *texts, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (is_text(part, texts[i]))
			return true;
	return false;
}

/* "5.36", "5.36.0" */
static bool is_version(struct part part)
{
	return part.length > 2 && memcmp(part.text, "5.", 2) == 0 &&
	       strspn(part.text, "0123456789.") == part.length;
}

/* "x86_64-linux-gnu", "x86_64-linux-gnu-thread-multi", "aarch64-linux", "i686-linux-64int" */
static bool is_machine(struct part part)
{
	return memmem(part.text, part.length, "-linux", strlen("-linux")) != NULL;
}

/* "/usr/lib/x86_64-linux-gnu/perl5": lib, or share, and maybe a machine, then one of these. */
static bool is_root(struct part before, struct part machine, struct part part)
{
	static const char *const tops[] = { "lib", "lib64", "share" };
	static const char *const names[] = { "perl", "perl5", "perl-base", "site_perl",
					     "vendor_perl" };
	struct part top = is_machine(machine) ? before : machine;

	if (is_text(part, "site_perl") || is_text(part, "vendor_perl"))
		return true;
	return is_one_of(top, tops, 3) && (is_one_of(part, names, 5) || is_version(part));
}

/* Where a module's own path begins; NULL when the file is in no directory of modules. */
static const char *inside_modules(const char *path)
{
	struct part before = { "", 0 }, machine = { "", 0 };
	const char *inside = NULL;

	while (*path) {
		struct part part = part_at(path);

		path += part.length + (path[part.length] == '/');
		if (is_root(before, machine, part) ||
		    (inside == part.text && (is_version(part) || is_machine(part))))
			inside = path;
		before = machine;
		machine = part;
	}
	return inside && *inside ? inside : NULL;
}

static bool begins_with(const char *text, const char *start)
{
	return strncmp(text, start, strlen(start)) == 0;
}

/* What comes with Perl, as Debian and as everybody else installs it. */
static bool is_core(const char *path)
{
	if (strstr(path, "/site_perl/") || strstr(path, "/vendor_perl/"))
		return false;
	return begins_with(path, "/usr/share/perl/") || strstr(path, "/perl-base/") ||
	       (begins_with(path, "/usr/lib/") && strstr(path, "/perl/")) ||
	       strstr(path, "/lib/5.") || strstr(path, "/lib/perl5/5.");
}

/* "DBIx/Class.pm" and all of "DBIx/Class/" are "DBIx/Class". */
static bool is_in(const char *inside, const char *package)
{
	size_t length = strlen(package);

	return strncmp(inside, package, length) == 0 &&
	       (inside[length] == '/' || strcmp(inside + length, ".pm") == 0);
}

/* "Local/Store.pm" is "Local::Store". */
static const char *module_name(struct arena *arena, const char *inside)
{
	struct part first = part_at(inside);
	struct part second = inside[first.length] ? part_at(inside + first.length + 1) : first;

	first.length = strcspn(first.text, "/.");
	second.length = strcspn(second.text, "/.");
	if (second.text == first.text)
		return arena_format(arena, "%.*s", (int)first.length, first.text);
	return arena_format(arena, "%.*s::%.*s", (int)first.length, first.text,
			    (int)second.length, second.text);
}

enum owner owner_find_perl(struct arena *arena, const char *path, const char **ret_library)
{
	const char *inside = inside_modules(path);

	*ret_library = "";
	/* Code of an eval has no lines to show: what called it is better, if it is known. */
	if (begins_with(path, "(eval ")) {
		*ret_library = "eval";
		return OWNER_PACKAGE;
	}
	if (!inside)
		return OWNER_PROGRAM;
	for (size_t i = 0; i < sizeof(packages) / sizeof(packages[0]); i++)
		if (is_in(inside, packages[i].path)) {
			*ret_library = packages[i].library;
			return OWNER_LIBRARY;
		}
	if (is_core(path)) {
		*ret_library = "perl";
		return OWNER_LIBRARY;
	}
	*ret_library = module_name(arena, inside);
	return OWNER_PACKAGE;
}
