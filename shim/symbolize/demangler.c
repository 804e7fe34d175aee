#include "symbolize/demangler.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "symbolize/rust_name.h"

/* Beyond these a name is nothing to read, and demanglers recurse. */
enum { MANGLED_MAX = 4096, READABLE_MAX = 16384 };

typedef char *demangle_function(const char *mangled, char *buffer, size_t *length, int *status);

struct readable_name {
	char *name;     /* as the file has it */
	char *readable;
	UT_hash_handle hh;
};

struct demangler {
	struct readable_name *names;
	demangle_function *demangle;
	void *library;
	bool is_tried;
};

struct demangler *demangler_new(void)
{
	return calloc(1, sizeof(struct demangler));
}

static void readable_name_free(struct readable_name *name)
{
	free(name->name);
	free(name->readable);
	free(name);
}

void demangler_free(struct demangler *demangler)
{
	struct readable_name *name, *next;

	if (!demangler)
		return;
	HASH_ITER(hh, demangler->names, name, next) {
		HASH_DEL(demangler->names, name);
		readable_name_free(name);
	}
	if (demangler->library)
		dlclose(demangler->library);
	free(demangler);
}

static void open_library(struct demangler *demangler)
{
	static const char *const libraries[] = { "libstdc++.so.6", "libc++abi.so.1" };

	for (size_t i = 0; !demangler->is_tried && i < 2 && !demangler->demangle; i++) {
		void *library = dlopen(libraries[i], RTLD_LAZY | RTLD_LOCAL);

		if (!library)
			continue;
		demangler->library = library;
		demangler->demangle = (demangle_function *)dlsym(library, "__cxa_demangle");
	}
	demangler->is_tried = true;
}

/* Returns NULL when it is not a mangled name, or nothing can read it. */
static char *demangle(struct demangler *demangler, const char *mangled)
{
	char *readable;
	int status;

	if (strncmp(mangled, "_Z", 2) != 0)
		return NULL;
	open_library(demangler);
	if (!demangler->demangle)
		return NULL;
	readable = demangler->demangle(mangled, NULL, NULL, &status);
	if (readable && strlen(readable) > READABLE_MAX) {
		free(readable);
		readable = NULL;
	}
	if (readable)
		rust_name_clean(readable);
	return readable;
}

static struct readable_name *readable_name_new(struct demangler *demangler, const char *text)
{
	struct readable_name *name = calloc(1, sizeof(*name));
	char *unversioned = strndup(text, strcspn(text, "@"));

	if (name && unversioned) {
		name->name = strdup(text);
		name->readable = demangle(demangler, unversioned);
		if (!name->readable) {
			name->readable = unversioned;
			unversioned = NULL;
		}
	}
	free(unversioned);
	if (name && !name->name) {
		readable_name_free(name);
		return NULL;
	}
	return name;
}

const char *demangler_name(struct demangler *demangler, const char *text)
{
	size_t length = strlen(text);
	struct readable_name *name;

	if (length > MANGLED_MAX || (strncmp(text, "_Z", 2) != 0 && !strchr(text, '@')))
		return text;
	HASH_FIND(hh, demangler->names, text, length, name);
	if (name)
		return name->readable;
	name = readable_name_new(demangler, text);
	if (!name)
		return text;
	HASH_ADD_KEYPTR(hh, demangler->names, name->name, length, name);
	if (!name->hh.tbl) {
		readable_name_free(name);
		return text;
	}
	return name->readable;
}
