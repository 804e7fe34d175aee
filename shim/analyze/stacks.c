#include "analyze/stacks.h"

#include <string.h>

#include "analyze/javascript.h"
#include "analyze/languages.h"
#include "analyze/table.h"
#include "analyze/user_line.h"
#include "symbolize/perf_map.h"

/* What one ledger frame became: more than one where callers were inlined. */
struct named_frame {
	struct owned_frame *frames;
	size_t count;
};

struct stacks {
	struct arena *arena;
	const struct reader *reader;
	struct symbolizer *symbolizer;
	struct perf_map *perf_map; /* NULL: none, or not asked for yet */
	bool is_perf_map_asked;
	unsigned interpreters, languages; /* 1 << enum ledger_language */
	struct arena_list nameless; /* struct report_nameless */
	struct table frames; /* struct named_frame by frame id */
	struct table stacks; /* struct report_stack by stack id */
};

/* A copy: the report outlives the ledger. */
static const char *string_copy(const struct stacks *stacks, uint32_t id)
{
	return arena_copy(stacks->arena, reader_string(stacks->reader, id));
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

static void nameless_add(struct stacks *stacks, const char *module, const char *problem)
{
	struct report_nameless *rows = stacks->nameless.items;

	for (size_t i = 0; i < stacks->nameless.count; i++)
		if (strcmp(rows[i].module, module) == 0)
			return;
	rows = arena_list_add(stacks->arena, &stacks->nameless, sizeof(*rows));
	*rows = (struct report_nameless){ module, arena_copy(stacks->arena, problem) };
}

/* What a just-in-time compiler made lies in no module: the offset is the address. */
static const char *compiled_name(struct stacks *stacks, uint64_t address)
{
	const struct ledger_header *header = reader_header(stacks->reader);
	const char *name;

	if (!stacks->is_perf_map_asked)
		stacks->perf_map = perf_map_new(header->pid, header->uid);
	stacks->is_perf_map_asked = true;
	name = stacks->perf_map ? perf_map_find(stacks->perf_map, address) : NULL;
	return name ? arena_copy(stacks->arena, name) : NULL;
}

/* V8 writes where its functions are: they are frames as those of a language that is read. */
static void compiled_frame(struct stacks *stacks, const char *name, struct owned_frame *ret)
{
	if (!javascript_frame(stacks->arena, name, &ret->frame)) {
		ret->frame.function = name;
		ret->frame.library = "jit";
		return;
	}
	stacks->languages |= 1u << LEDGER_JAVASCRIPT;
	ret->is_native = false;
	ret->owner = owner_find(stacks->arena, LEDGER_JAVASCRIPT, ret->frame.file, false,
				&ret->frame.library);
}

/* A return address may be the first of the next function or line. */
static uint64_t look_up_offset(const struct ledger_frame *frame)
{
	return frame->offset - (frame->flags & LEDGER_FRAME_RETURN ? 1 : 0);
}

static size_t native_locations(struct stacks *stacks, const struct ledger_frame *frame,
			       const struct ledger_module *module, const char *path,
			       struct symbolizer_location *locations)
{
	struct symbolizer_module where = { .path = path };
	const char *problem;
	size_t known;

	if (!stacks->symbolizer || !*path || frame->flags & LEDGER_FRAME_CALL)
		return 0;
	if (module->build_id_length <= LEDGER_BUILD_ID_MAX) {
		where.build_id = module->build_id;
		where.build_id_length = module->build_id_length;
	}
	known = symbolizer_find(stacks->symbolizer, &where, look_up_offset(frame), locations);
	problem = known ? NULL : symbolizer_problem(stacks->symbolizer, &where);
	if (problem)
		nameless_add(stacks, path, problem);
	return known;
}

static struct named_frame *native_frame(struct stacks *stacks, const struct ledger_frame *frame)
{
	const struct ledger_module *module = reader_module(stacks->reader, frame->module);
	const char *path = module ? string_copy(stacks, module->path) : "";
	struct symbolizer_location locations[SYMBOLIZER_INLINE_MAX];
	struct named_frame *named = arena_alloc(stacks->arena, sizeof(*named));
	struct owned_frame common = {
		.is_native = true,
		.is_call = frame->flags & LEDGER_FRAME_CALL,
		.frame = {
			.language = language_name(LEDGER_NATIVE),
			.function = string_copy(stacks, frame->function),
			.file = "",
			.module = path,
			.build_id = module ? build_id_text(stacks->arena, module) : "",
			.offset = frame->offset,
		},
	};
	size_t known = native_locations(stacks, frame, module, path, locations);
	const char *compiled;

	common.owner = owner_find(stacks->arena, LEDGER_NATIVE, path,
				  module && module->flags & LEDGER_MODULE_MAIN,
				  &common.frame.library);
	if (common.is_call || (module && module->flags & LEDGER_MODULE_LIBPQ)) {
		common.owner = OWNER_LIBRARY;
		common.frame.library = "libpq";
	}
	stacks->interpreters |= 1u << language_of_interpreter(common.frame.library);
	compiled = *path ? NULL : compiled_name(stacks, look_up_offset(frame));
	if (compiled)
		compiled_frame(stacks, compiled, &common);
	named->count = known ? known : 1;
	named->frames = arena_array(stacks->arena, named->count, sizeof(*named->frames));
	named->frames[0] = common;
	for (size_t i = 0; i < known; i++) {
		struct report_frame *to = &named->frames[i].frame;

		named->frames[i] = common;
		if (locations[i].function)
			to->function = arena_copy(stacks->arena, locations[i].function);
		if (locations[i].file)
			to->file = arena_copy(stacks->arena, locations[i].file);
		to->line = locations[i].line;
		if (common.owner == OWNER_PROGRAM)
			to->library = owner_of_source(to->file);
		if (*to->library)
			named->frames[i].owner = OWNER_LIBRARY;
	}
	return named;
}

static struct named_frame *language_frame(struct stacks *stacks, const struct ledger_frame *frame)
{
	struct named_frame *named = arena_alloc(stacks->arena, sizeof(*named));
	struct owned_frame *owned = arena_alloc(stacks->arena, sizeof(*owned));

	if (frame->language < LEDGER_LANGUAGE_COUNT)
		stacks->languages |= 1u << frame->language;
	*owned = (struct owned_frame){ .frame = {
		.language = language_name(frame->language),
		.function = string_copy(stacks, frame->function),
		.file = string_copy(stacks, frame->file),
		.line = frame->line,
		.module = "",
		.build_id = "",
	} };
	owned->owner = owner_find(stacks->arena, frame->language, owned->frame.file, false,
				  &owned->frame.library);
	*named = (struct named_frame){ .frames = owned, .count = 1 };
	return named;
}

static const struct named_frame *frame_find(struct stacks *stacks, uint32_t id)
{
	const struct ledger_frame *frame = reader_frame(stacks->reader, id);
	void **known;

	if (!frame)
		return NULL;
	known = table_find(stacks->arena, &stacks->frames, id);
	if (!*known)
		*known = frame->language == LEDGER_NATIVE ? native_frame(stacks, frame)
							  : language_frame(stacks, frame);
	return *known;
}

static struct report_stack *stack_make(struct stacks *stacks, uint32_t id)
{
	struct reader_stack raw = reader_stack(stacks->reader, id);
	struct report_stack *stack = arena_alloc(stacks->arena, sizeof(*stack));
	struct report_frame *frames;
	struct arena_list list = { 0 };
	struct owned_frame *owned;

	for (size_t i = 0; i < raw.frame_count; i++) {
		const struct named_frame *named = frame_find(stacks, raw.frames[i]);

		for (size_t j = 0; named && j < named->count; j++) {
			owned = arena_list_add(stacks->arena, &list, sizeof(*owned));
			*owned = named->frames[j];
		}
	}
	owned = list.items;
	generated_code_mark(owned, list.count);
	user_line_mark(owned, list.count);
	frames = arena_array(stacks->arena, list.count, sizeof(*frames));
	for (size_t i = 0; i < list.count; i++)
		frames[i] = owned[i].frame;
	*stack = (struct report_stack){ frames, list.count, raw.is_truncated };
	return stack;
}

struct stacks *stacks_new(struct arena *arena, const struct reader *reader,
			  struct symbolizer *symbolizer)
{
	struct stacks *stacks = arena_alloc(arena, sizeof(*stacks));

	stacks->arena = arena;
	stacks->reader = reader;
	stacks->symbolizer = symbolizer;
	return stacks;
}

void stacks_finish(struct stacks *stacks)
{
	perf_map_free(stacks->perf_map);
	stacks->perf_map = NULL;
}

unsigned stacks_interpreters(const struct stacks *stacks)
{
	return stacks->interpreters;
}

unsigned stacks_languages(const struct stacks *stacks)
{
	return stacks->languages;
}

const struct arena_list *stacks_nameless(const struct stacks *stacks)
{
	return &stacks->nameless;
}

const struct report_stack *stacks_find(struct stacks *stacks, uint32_t id)
{
	void **known = table_find(stacks->arena, &stacks->stacks, id);

	/* Making a stack adds no stack: the place stays valid. */
	if (!*known)
		*known = stack_make(stacks, id);
	return *known;
}
