#include "analyze/named_frames.h"

#include <string.h>

#include "analyze/javascript.h"
#include "analyze/languages.h"
#include "analyze/report.h"

/* A copy: the report outlives the ledger. */
static const char *string_copy(const struct named_frames *frames, uint32_t id)
{
	return arena_copy(frames->arena, reader_string(frames->reader, id));
}

static const char *build_id_text(struct arena *arena, const struct ledger_module *module)
{
	static const char digits[] = "0123456789abcdef";
	size_t length = module->build_id_length;
	char *text;

	if (length > LEDGER_BUILD_ID_MAX)
		return "";
	text = arena_alloc(arena, length * 2 + 1);
	for (size_t i = 0; i < length; i++) {
		text[2 * i] = digits[module->build_id[i] >> 4];
		text[2 * i + 1] = digits[module->build_id[i] & 15];
	}
	return text;
}

static void nameless_add(struct named_frames *frames, const char *module, const char *problem)
{
	struct report_nameless *rows = frames->nameless.items;

	for (size_t i = 0; i < frames->nameless.count; i++)
		if (strcmp(rows[i].module, module) == 0)
			return;
	rows = arena_list_add(frames->arena, &frames->nameless, sizeof(*rows));
	*rows = (struct report_nameless){ module, arena_copy(frames->arena, problem) };
}

/* What a just-in-time compiler made lies in no module: the offset is the address. */
static const char *compiled_name(struct named_frames *frames, uint64_t address)
{
	const struct ledger_header *header = reader_header(frames->reader);
	const char *name;

	if (!frames->is_perf_map_asked)
		frames->perf_map = perf_map_new(header->pid, header->uid);
	frames->is_perf_map_asked = true;
	name = frames->perf_map ? perf_map_find(frames->perf_map, address) : NULL;
	return name ? arena_copy(frames->arena, name) : NULL;
}

/* V8 writes where its functions are: they are frames as those of a language that is read. */
static void compiled_frame(struct named_frames *frames, const char *name, struct owned_frame *ret)
{
	if (!javascript_frame(frames->arena, name, &ret->frame)) {
		ret->frame.function = name;
		ret->frame.library = "jit";
		return;
	}
	frames->languages |= 1u << LEDGER_JAVASCRIPT;
	ret->is_native = false;
	ret->owner = owner_find(frames->arena, LEDGER_JAVASCRIPT, ret->frame.file, false,
				&ret->frame.library);
}

/* A return address may be the first of the next function or line. */
static uint64_t look_up_offset(const struct ledger_frame *frame)
{
	return frame->offset - (frame->flags & LEDGER_FRAME_RETURN ? 1 : 0);
}

static size_t native_locations(struct named_frames *frames, const struct ledger_frame *frame,
			       const struct ledger_module *module, const char *path,
			       bool is_name_enough, struct symbolizer_location *locations)
{
	struct symbolizer_module where = { .path = path, .is_name_enough = is_name_enough };
	const char *problem;
	size_t known;

	if (!frames->symbolizer || !*path || frame->flags & LEDGER_FRAME_CALL)
		return 0;
	if (module->build_id_length <= LEDGER_BUILD_ID_MAX) {
		where.build_id = module->build_id;
		where.build_id_length = module->build_id_length;
	}
	known = symbolizer_find(frames->symbolizer, &where, look_up_offset(frame), locations);
	problem = known ? NULL : symbolizer_problem(frames->symbolizer, &where);
	if (problem)
		nameless_add(frames, path, problem);
	return known;
}

bool frame_is_of_libc(const struct report_frame *frame)
{
	return strcmp(frame->library, "libc") == 0;
}

static struct named_frame *native_frame(struct named_frames *frames,
					const struct ledger_frame *frame, bool is_brief)
{
	const struct ledger_module *module = reader_module(frames->reader, frame->module);
	const char *path = module ? string_copy(frames, module->path) : "";
	struct symbolizer_location locations[SYMBOLIZER_INLINE_MAX];
	struct named_frame *named = arena_alloc(frames->arena, sizeof(*named));
	struct owned_frame common = {
		.is_native = true,
		.is_call = frame->flags & LEDGER_FRAME_CALL,
		.frame = {
			.language = language_name(LEDGER_NATIVE),
			.function = string_copy(frames, frame->function),
			.file = "",
			.module = path,
			.build_id = module ? build_id_text(frames->arena, module) : "",
			.offset = frame->offset,
		},
	};
	const char *compiled;
	size_t known;

	common.owner = owner_find(frames->arena, LEDGER_NATIVE, path,
				  module && module->flags & LEDGER_MODULE_MAIN,
				  &common.frame.library);
	if (common.is_call || (module && module->flags & LEDGER_MODULE_LIBPQ)) {
		common.owner = OWNER_LIBRARY;
		common.frame.library = "libpq";
	}
	known = native_locations(frames, frame, module, path,
				 is_brief && frame_is_of_libc(&common.frame), locations);
	frames->interpreters |= 1u << language_of_interpreter(common.frame.library);
	compiled = *path ? NULL : compiled_name(frames, look_up_offset(frame));
	if (compiled)
		compiled_frame(frames, compiled, &common);
	named->count = known ? known : 1;
	named->frames = arena_array(frames->arena, named->count, sizeof(*named->frames));
	named->frames[0] = common;
	for (size_t i = 0; i < known; i++) {
		struct report_frame *to = &named->frames[i].frame;

		named->frames[i] = common;
		if (locations[i].function)
			to->function = arena_copy(frames->arena, locations[i].function);
		if (locations[i].file)
			to->file = arena_copy(frames->arena, locations[i].file);
		to->line = locations[i].line;
		if (common.owner == OWNER_PROGRAM)
			to->library = owner_of_source(to->file);
		if (*to->library)
			named->frames[i].owner = OWNER_LIBRARY;
	}
	return named;
}

static struct named_frame *language_frame(struct named_frames *frames,
					  const struct ledger_frame *frame)
{
	struct named_frame *named = arena_alloc(frames->arena, sizeof(*named));
	struct owned_frame *owned = arena_alloc(frames->arena, sizeof(*owned));

	if (frame->language < LEDGER_LANGUAGE_COUNT)
		frames->languages |= 1u << frame->language;
	*owned = (struct owned_frame){ .frame = {
		.language = language_name(frame->language),
		.function = string_copy(frames, frame->function),
		.file = string_copy(frames, frame->file),
		.line = frame->line,
		.module = "",
		.build_id = "",
	} };
	owned->owner = owner_find(frames->arena, frame->language, owned->frame.file, false,
				  &owned->frame.library);
	*named = (struct named_frame){ .frames = owned, .count = 1 };
	return named;
}

const struct named_frame *named_frames_find(struct named_frames *frames, uint32_t id, bool is_brief)
{
	const struct ledger_frame *frame = reader_frame(frames->reader, id);
	void **known;

	if (!frame)
		return NULL;
	known = table_find(frames->arena, &frames->named[is_brief], id);
	if (!*known)
		*known = frame->language == LEDGER_NATIVE ? native_frame(frames, frame, is_brief)
							  : language_frame(frames, frame);
	return *known;
}

void named_frames_finish(struct named_frames *frames)
{
	perf_map_free(frames->perf_map);
	frames->perf_map = NULL;
}
