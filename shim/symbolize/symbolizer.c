#include "symbolize/symbolizer.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "symbolize/demangler.h"
#include "symbolize/object.h"

struct answer {
	uint64_t offset;
	UT_hash_handle hh;
	size_t count;
	struct symbolizer_location locations[];
};

/* A module is known by its path and build-id. */
struct module_key {
	size_t build_id_length;
	uint8_t build_id[64];
	char path[PATH_MAX];
};

struct known_module {
	struct object *object;
	struct answer *answers[2]; /* by is_name_enough */
	UT_hash_handle hh;
	uint8_t key[]; /* a module_key, cut after the path */
};

struct symbolizer {
	struct known_module *modules;
	struct demangler *demangler;
	char *debug_path;
};

/* As GDB does, beside the file first. */
static char *make_debug_path(const char *directories)
{
	char *path;

	if (asprintf(&path, ":.debug:%s", directories ? directories : "/usr/lib/debug") < 0)
		return NULL;
	return path;
}

struct symbolizer *symbolizer_new(const struct symbolizer_options *options)
{
	struct symbolizer *symbolizer = calloc(1, sizeof(*symbolizer));

	if (!symbolizer)
		return NULL;
	/* libdwfl asks the servers by itself when it sees this. */
	if (!options->use_debuginfod)
		unsetenv("DEBUGINFOD_URLS");
	symbolizer->debug_path = make_debug_path(options->debug_path);
	symbolizer->demangler = demangler_new();
	if (!symbolizer->debug_path || !symbolizer->demangler) {
		symbolizer_free(symbolizer);
		return NULL;
	}
	return symbolizer;
}

static void known_module_free(struct known_module *module)
{
	struct answer *answer, *next;

	for (size_t i = 0; i < 2; i++) {
		HASH_ITER(hh, module->answers[i], answer, next) {
			HASH_DEL(module->answers[i], answer);
			free(answer);
		}
	}
	object_free(module->object);
	free(module);
}

void symbolizer_free(struct symbolizer *symbolizer)
{
	struct known_module *module, *next;

	if (!symbolizer)
		return;
	HASH_ITER(hh, symbolizer->modules, module, next) {
		HASH_DEL(symbolizer->modules, module);
		known_module_free(module);
	}
	demangler_free(symbolizer->demangler);
	free(symbolizer->debug_path);
	free(symbolizer);
}

/* Returns the bytes of the key that count, 0 when there can be no such file. */
static size_t make_key(struct module_key *key, const struct symbolizer_module *module)
{
	size_t path_length = module->path ? strlen(module->path) : 0;

	if (!path_length || path_length >= sizeof(key->path) ||
	    module->build_id_length > sizeof(key->build_id))
		return 0;
	memset(key->build_id, 0, sizeof(key->build_id));
	if (module->build_id_length)
		memcpy(key->build_id, module->build_id, module->build_id_length);
	key->build_id_length = module->build_id_length;
	memcpy(key->path, module->path, path_length + 1);
	return offsetof(struct module_key, path) + path_length + 1;
}

static struct known_module *find_module(struct symbolizer *symbolizer,
					const struct symbolizer_module *wanted)
{
	struct module_key key;
	size_t key_size = make_key(&key, wanted);
	struct known_module *module;

	if (!key_size)
		return NULL;
	HASH_FIND(hh, symbolizer->modules, &key, key_size, module);
	if (module)
		return module;
	module = calloc(1, sizeof(*module) + key_size);
	if (!module)
		return NULL;
	memcpy(module->key, &key, key_size);
	module->object = object_new(wanted, &symbolizer->debug_path);
	if (module->object)
		HASH_ADD_KEYPTR(hh, symbolizer->modules, module->key, key_size, module);
	if (!module->hh.tbl) {
		known_module_free(module);
		return NULL;
	}
	return module;
}

static struct answer *ask(struct symbolizer *symbolizer, struct known_module *module,
			  uint64_t offset, bool is_name_enough)
{
	struct unit_location found[SYMBOLIZER_INLINE_MAX];
	struct answer *answer;
	size_t count = is_name_enough ? object_name(module->object, offset, found) : 0;

	if (!count)
		count = object_find(module->object, offset, found, SYMBOLIZER_INLINE_MAX);
	answer = calloc(1, sizeof(*answer) + count * sizeof(*answer->locations));
	if (!answer)
		return NULL;
	answer->offset = offset;
	answer->count = count;
	for (size_t i = 0; i < count; i++) {
		struct symbolizer_location *location = &answer->locations[i];

		if (found[i].function)
			location->function = demangler_name(symbolizer->demangler,
							    found[i].function);
		location->file = found[i].file;
		location->line = found[i].line;
		location->is_inlined = i + 1 < count;
	}
	HASH_ADD(hh, module->answers[is_name_enough], offset, sizeof(answer->offset), answer);
	if (!answer->hh.tbl) {
		free(answer);
		return NULL;
	}
	return answer;
}

size_t symbolizer_find(struct symbolizer *symbolizer, const struct symbolizer_module *wanted,
		       uint64_t offset, struct symbolizer_location *locations)
{
	struct known_module *module = find_module(symbolizer, wanted);
	struct answer *answer = NULL;

	if (!module)
		return 0;
	HASH_FIND(hh, module->answers[wanted->is_name_enough], &offset, sizeof(offset), answer);
	if (!answer)
		answer = ask(symbolizer, module, offset, wanted->is_name_enough);
	if (!answer)
		return 0;
	memcpy(locations, answer->locations, answer->count * sizeof(*locations));
	return answer->count;
}

const char *symbolizer_problem(struct symbolizer *symbolizer,
			       const struct symbolizer_module *wanted)
{
	struct known_module *module = find_module(symbolizer, wanted);

	return module ? object_problem(module->object) : "the name is no path";
}
