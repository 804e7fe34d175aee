#include "cli/doctor_ways.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/doctor_clients.h"

enum { VERSION_OF_MAJOR = 10000 };

/* Returns NULL when out of memory. */
static struct way *way_find(struct finding *finding, enum way_kind kind, const char *path)
{
	struct way *more;

	for (size_t i = 0; i < finding->way_count; i++) {
		if (finding->ways[i].kind == kind && !strcmp(finding->ways[i].path, path))
			return &finding->ways[i];
	}
	more = reallocarray(finding->ways, finding->way_count + 1, sizeof(*more));
	if (!more)
		return NULL;
	finding->ways = more;
	more[finding->way_count] = (struct way){ .kind = kind, .path = path, .client = "",
						 .why = "", .cure = "" };
	return &more[finding->way_count++];
}

static const struct object *object_of_name(const struct patient *patient, const char *name)
{
	for (size_t i = 0; i < patient->object_count; i++) {
		const struct object *object = patient->objects[i];

		if (!strcmp(object->name ? object->name : path_name(object->path), name))
			return object;
	}
	return NULL;
}

/* Does `from` need `wanted`, itself or through what it needs? Libraries may need each
 * other: `depth` ends that. */
static bool needs(const struct patient *patient, const struct object *from,
		  const struct object *wanted, unsigned depth)
{
	for (size_t i = 0; depth && i < from->needed_count; i++) {
		const struct object *object = object_of_name(patient, from->needed[i]);

		if (object && (object == wanted || needs(patient, object, wanted, depth - 1)))
			return true;
	}
	return false;
}

static bool is_linked(const struct patient *patient, const struct object *libpq)
{
	return patient->program && needs(patient, patient->program, libpq, 4);
}

static const char *client_of(const struct patient *patient, const struct object *by)
{
	const char *client = by ? by->client : NULL;

	for (size_t i = 0; !client && i < patient->object_count; i++)
		client = client_by_loaded(patient->objects[i]->path);
	if (!client)
		client = client_by_program(path_name(patient->executable));
	return client ? client : "a client without libpq";
}

static enum way_kind kind_of(const struct object *by)
{
	if (by && by->is_libpq)
		return WAY_LIBPQ;
	return by && by->has_libpq ? WAY_STATIC : WAY_OTHER;
}

/* What came through the shim came by a libpq, whatever stands between that and libc. */
static const struct object *speaker_of(const struct patient *patient, const struct speech *speech)
{
	if (!speech->is_through_shim || (speech->by && speech->by->is_libpq))
		return speech->by;
	for (size_t i = 0; i < patient->object_count; i++) {
		if (patient->objects[i]->is_libpq)
			return patient->objects[i];
	}
	return speech->by;
}

struct reason {
	const char *why, *cure;
};

static struct reason reason_without_shim(const struct patient *patient)
{
	if (patient->is_secure)
		return (struct reason){
			"the program has privileges of its own (set-user-id, capabilities), for "
			"which the loader preloads nothing",
			"run a copy of the program without them" };
	if (patient->program && patient->program->is_read && !patient->program->has_loader)
		return (struct reason){
			"the program is linked statically: nothing can be preloaded",
			"link it dynamically" };
	if (!patient->is_asked)
		return (struct reason){ "LD_PRELOAD was taken out of its environment",
					"start it with LD_PRELOAD and PQLEAK_* as they were" };
	return (struct reason){ "the loader did not load libpqleak.so into it",
				"see what the loader says: LD_DEBUG=libs" };
}

static struct reason reason_of_libpq(const struct patient *patient, const struct options *options,
				     bool has_ledger, bool is_through_shim)
{
	if (!patient->has_shim)
		return reason_without_shim(patient);
	if (!options->is_enabled)
		return (struct reason){ "PQLEAK=0 turns pqleak off", "run it without PQLEAK=0" };
	if (!has_ledger && (*options->only || *options->skip))
		return (struct reason){ "the program is left out by --only or --skip",
					"name it in --only, or do not name it in --skip" };
	if (!has_ledger && !patient->is_directed)
		return (struct reason){ "PQLEAK_DIR was changed in its environment: its ledger is "
					"elsewhere",
					"start it with PQLEAK_* as they were" };
	if (!has_ledger && is_through_shim)
		return (struct reason){ "the program could not write a ledger",
					"give a directory that it may write to: --dir" };
	if (options->is_deepbind_kept)
		return (struct reason){ "its calls of libpq go past the shim: RTLD_DEEPBIND, which "
					"PQLEAK_KEEP_DEEPBIND=1 leaves as it is",
					"run it without PQLEAK_KEEP_DEEPBIND=1" };
	return (struct reason){ "its calls of libpq go past the shim: the addresses were found "
				"neither by the loader's usual rules nor by dlsym",
				"let the loader find libpq's functions" };
}

static struct reason reason_of(const struct patient *patient, const struct options *options,
			       bool has_ledger, enum way_kind kind, bool is_through_shim)
{
	switch (kind) {
	case WAY_OTHER:
		return (struct reason){ "it speaks PostgreSQL by itself, without libpq",
					"pqleak records libpq's connections only; pg_stat_activity "
					"on the server shows these" };
	case WAY_STATIC:
		return (struct reason){ "libpq is linked statically: its calls do not pass the "
					"loader",
					"link with the shared libpq (-lpq without -static, pq-sys "
					"without bundled)" };
	default:
		return reason_of_libpq(patient, options, has_ledger, is_through_shim);
	}
}

/* Each libpq that was there, called or not. */
static int ways_of_objects(struct finding *finding, const struct patient *patient,
			   const struct options *options, bool has_ledger)
{
	for (size_t i = 0; i < patient->object_count; i++) {
		const struct object *object = patient->objects[i];
		enum way_kind kind = kind_of(object);
		struct reason reason = { "", "" };
		struct way *way = kind == WAY_OTHER ? NULL : way_find(finding, kind, object->path);

		if (kind == WAY_OTHER)
			continue;
		if (!way)
			return -ENOMEM;
		if (kind == WAY_STATIC || !patient->has_shim)
			reason = reason_of(patient, options, has_ledger, kind, false);
		way->why = reason.why;
		way->cure = reason.cure;
		way->version = kind == WAY_LIBPQ ? object_major(object) * VERSION_OF_MAJOR : 0;
		way->is_flagged = kind == WAY_LIBPQ && is_linked(patient, object);
		way->loaded = way->is_flagged ? LEDGER_MODULE_LINKED : 0;
	}
	return 0;
}

static void way_add_address(struct way *way, const char *address)
{
	if (!*address || way->address_count == WAY_ADDRESSES_MAX)
		return;
	for (size_t i = 0; i < way->address_count; i++) {
		if (!strcmp(way->addresses[i], address))
			return;
	}
	way->addresses[way->address_count++] = address;
}

bool speech_is_session(const struct patient *patient, const struct speech *speech)
{
	if (speech->packet != PACKET_ENCRYPTION)
		return speech->packet == PACKET_STARTUP;
	for (size_t i = 0; i < patient->speech_count; i++) {
		const struct speech *other = &patient->speeches[i];

		if (other->packet == PACKET_STARTUP && other->by == speech->by &&
		    !strcmp(other->address, speech->address))
			return false;
	}
	return true;
}

int ways_of_patient(struct finding *finding, const struct patient *patient,
		    const struct options *options, bool has_ledger, const bool *is_recorded)
{
	int error = ways_of_objects(finding, patient, options, has_ledger);

	for (size_t i = 0; !error && i < patient->speech_count; i++) {
		const struct speech *speech = &patient->speeches[i];
		const struct object *by = speaker_of(patient, speech);
		enum way_kind kind = kind_of(by);
		struct way *way;
		struct reason reason;

		if (!speech_is_session(patient, speech))
			continue;
		way = way_find(finding, kind, by ? by->path : "");
		if (!way)
			return -ENOMEM;
		way->client = kind == WAY_OTHER ? client_of(patient, by) : "";
		way->is_called = true;
		way->seen++;
		if (is_recorded[i])
			continue;
		reason = reason_of(patient, options, has_ledger, kind, speech->is_through_shim);
		way->missed++;
		way_add_address(way, speech->address);
		way->why = reason.why;
		way->cure = reason.cure;
	}
	return error;
}

/* The loader goes by links, the kernel by files. */
static struct way *way_of_module(struct finding *finding, const char *path)
{
	char *file = realpath(path, NULL);
	struct way *way = NULL;

	for (size_t i = 0; file && i < finding->way_count; i++) {
		if (finding->ways[i].kind == WAY_LIBPQ && !strcmp(finding->ways[i].path, file))
			way = &finding->ways[i];
	}
	free(file);
	return way ? way : way_find(finding, WAY_LIBPQ, path);
}

int ways_of_ledger(struct finding *finding, const struct reader *reader)
{
	size_t count = reader_count(reader, LEDGER_MODULES);

	for (size_t id = 1; id <= count; id++) {
		const struct ledger_module *module = reader_module(reader, (uint32_t)id);
		struct way *way;

		if (!(module->flags & LEDGER_MODULE_LIBPQ))
			continue;
		way = way_of_module(finding, reader_string(reader, module->path));
		if (!way)
			return -ENOMEM;
		way->version = module->libpq_version;
		way->loaded |= module->flags;
		way->is_flagged = true;
		way->is_called = true;
	}
	return 0;
}
