#include "cli/doctor_render.h"

#include "analyze/loaded.h"
#include "render/emitter.h"

static const char *const kind_names[] = {
	[WAY_LIBPQ] = "libpq",
	[WAY_STATIC] = "static",
	[WAY_OTHER] = "other",
};

static json_t *loaded_value(struct emitter *emitter, const struct way *way)
{
	json_t *array = json_array();
	const char *words[LOADED_WORDS_MAX];
	size_t count = 0;

	if (way->kind == WAY_LIBPQ && way->is_flagged)
		count = loaded_words(way->loaded, words);
	else if (way->kind != WAY_OTHER)
		words[count++] = way->kind == WAY_LIBPQ ? "dlopen" : "static";
	for (size_t i = 0; i < count; i++)
		emitter_append(emitter, array, json_string(words[i]));
	return array;
}

static json_t *way_value(struct emitter *emitter, const struct way *way)
{
	json_t *object = json_object(), *addresses = json_array();

	for (size_t i = 0; i < way->address_count; i++)
		emitter_append(emitter, addresses, json_string(way->addresses[i]));
	emitter_add_text(emitter, object, "kind", kind_names[way->kind]);
	emitter_add_text(emitter, object, "path", way->path);
	emitter_add_text(emitter, object, "client", way->client);
	emitter_add_signed(emitter, object, "version", way->version);
	emitter_add(emitter, object, "loaded", loaded_value(emitter, way));
	emitter_add_flag(emitter, object, "is_called", way->is_called);
	emitter_add_number(emitter, object, "sessions", way->seen);
	emitter_add_number(emitter, object, "missed", way->missed);
	emitter_add(emitter, object, "addresses", addresses);
	emitter_add_text(emitter, object, "why", way->why);
	emitter_add_text(emitter, object, "cure", way->cure);
	return object;
}

static json_t *finding_value(struct emitter *emitter, const struct finding *finding)
{
	json_t *object = json_object(), *ways = json_array();

	for (size_t i = 0; i < finding->way_count; i++)
		emitter_append(emitter, ways, way_value(emitter, &finding->ways[i]));
	emitter_add_signed(emitter, object, "pid", finding->pid);
	emitter_add_signed(emitter, object, "parent_pid", finding->parent_pid);
	emitter_add_text(emitter, object, "command", finding->command);
	emitter_add_text(emitter, object, "executable", finding->executable);
	emitter_add_flag(emitter, object, "is_watched", finding->is_looked_at);
	emitter_add_flag(emitter, object, "has_shim", finding->has_shim);
	emitter_add_number(emitter, object, "recorded", finding->recorded);
	emitter_add_number(emitter, object, "missed", finding->missed);
	emitter_add(emitter, object, "ways", ways);
	return object;
}

int doctor_render_json(FILE *out, const struct findings *findings)
{
	struct emitter emitter = { .out = out };
	json_t *object = json_object(), *processes = json_array();

	for (size_t i = 0; i < findings->count; i++)
		emitter_append(&emitter, processes, finding_value(&emitter, &findings->items[i]));
	emitter_add_text(&emitter, object, "schema", "pqleak-doctor/1");
	emitter_add_signed(&emitter, object, "exit_status", findings->exit_status);
	emitter_add_signed(&emitter, object, "program_status", findings->program_status);
	emitter_add_flag(&emitter, object, "is_watched", !findings->unwatched);
	emitter_add_text(&emitter, object, "unwatched", findings->unwatched
			 ? findings->unwatched : "");
	emitter_add_number(&emitter, object, "unread_calls", findings->unread);
	emitter_add_flag(&emitter, object, "is_over", findings->is_over);
	emitter_add_number(&emitter, object, "recorded", findings->recorded);
	emitter_add_number(&emitter, object, "missed", findings->missed);
	emitter_add(&emitter, object, "processes", processes);
	emitter_dump(&emitter, object, 0);
	emitter_put(&emitter, "\n");
	return emitter_finish(&emitter);
}
