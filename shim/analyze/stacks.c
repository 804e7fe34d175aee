#include "analyze/stacks.h"

#include <string.h>

#include "analyze/table.h"
#include "analyze/user_line.h"

/* What one ledger frame became: more than one where callers were inlined. */
struct named_frame {
	struct owned_frame *frames;
	size_t count;
};

struct stacks {
	struct arena *arena;
	const struct reader *reader;
	struct symbolizer *symbolizer;
	struct table frames; /* struct named_frame by frame id */
	struct table stacks; /* struct report_stack by stack id */
};

const char *language_name(unsigned language)
{
	static const char *const names[LEDGER_LANGUAGE_COUNT] = {
		[LEDGER_NATIVE] = "c",
		[LEDGER_PYTHON] = "python",
		[LEDGER_RUBY] = "ruby",
		[LEDGER_PERL] = "perl",
		[LEDGER_PHP] = "php",
	};

	return language < LEDGER_LANGUAGE_COUNT ? names[language] : "unknown";
}

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

static size_t native_locations(const struct stacks *stacks, const struct ledger_frame *frame,
			       const struct ledger_module *module, const char *path,
			       struct symbolizer_location *locations)
{
	struct symbolizer_module where = { .path = path };
	/* A return address may be the first of the next function or line. */
	uint64_t before = frame->flags & LEDGER_FRAME_RETURN ? 1 : 0;

	if (!stacks->symbolizer || !*path || frame->flags & LEDGER_FRAME_CALL)
		return 0;
	if (module->build_id_length <= LEDGER_BUILD_ID_MAX) {
		where.build_id = module->build_id;
		where.build_id_length = module->build_id_length;
	}
	return symbolizer_find(stacks->symbolizer, &where, frame->offset - before, locations);
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

	common.owner = owner_find(stacks->arena, LEDGER_NATIVE, path,
				  module && module->flags & LEDGER_MODULE_MAIN,
				  &common.frame.library);
	if (common.is_call || (module && module->flags & LEDGER_MODULE_LIBPQ)) {
		common.owner = OWNER_LIBRARY;
		common.frame.library = "libpq";
	}
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
	}
	return named;
}

static struct named_frame *language_frame(struct stacks *stacks, const struct ledger_frame *frame)
{
	struct named_frame *named = arena_alloc(stacks->arena, sizeof(*named));
	struct owned_frame *owned = arena_alloc(stacks->arena, sizeof(*owned));

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

const struct report_stack *stacks_find(struct stacks *stacks, uint32_t id)
{
	void **known = table_find(stacks->arena, &stacks->stacks, id);

	/* Making a stack adds no stack: the place stays valid. */
	if (!*known)
		*known = stack_make(stacks, id);
	return *known;
}
