#include "analyze/stacks.h"

#include <string.h>

#include "analyze/named_frames.h"
#include "analyze/table.h"
#include "analyze/user_line.h"

struct stacks {
	struct named_frames frames;
	bool is_brief;
	struct table stacks[2]; /* struct report_stack by stack id; closes in the second */
};

/* One stack's, with those of the program marked. */
static struct arena_list frames_of(struct stacks *stacks, const struct reader_stack *raw,
				   bool is_brief)
{
	struct arena_list list = { 0 };
	struct owned_frame *owned;

	for (size_t i = 0; i < raw->frame_count; i++) {
		const struct named_frame *named = named_frames_find(&stacks->frames,
								    raw->frames[i], is_brief);

		for (size_t j = 0; named && j < named->count; j++) {
			owned = arena_list_add(stacks->frames.arena, &list, sizeof(*owned));
			*owned = named->frames[j];
		}
	}
	owned = list.items;
	generated_code_mark(owned, list.count);
	user_line_mark(owned, list.count);
	return list;
}

/* Without a frame of the program, any may stand for it, and all of them tell a site from others:
 * only among those of a close there may be libc's without lines, and not the first with a name. */
static bool may_be_brief(const struct arena_list *list, bool is_close)
{
	const struct owned_frame *first = NULL, *owned = list->items;

	for (size_t i = 0; i < list->count; i++) {
		if (owned[i].frame.is_user)
			return true;
		if (!first && *owned[i].frame.function && strcmp(owned[i].frame.library, "libpq"))
			first = &owned[i];
	}
	return is_close && first && !frame_is_of_libc(&first->frame);
}

static struct report_stack *stack_make(struct stacks *stacks, uint32_t id, bool is_close)
{
	struct reader_stack raw = reader_stack(stacks->frames.reader, id);
	struct report_stack *stack = arena_alloc(stacks->frames.arena, sizeof(*stack));
	struct arena_list list = frames_of(stacks, &raw, stacks->is_brief);
	const struct owned_frame *owned;
	struct report_frame *frames;

	if (stacks->is_brief && !may_be_brief(&list, is_close))
		list = frames_of(stacks, &raw, false);
	owned = list.items;
	frames = arena_array(stacks->frames.arena, list.count, sizeof(*frames));
	for (size_t i = 0; i < list.count; i++)
		frames[i] = owned[i].frame;
	*stack = (struct report_stack){ frames, list.count, raw.is_truncated };
	return stack;
}

struct stacks *stacks_new(struct arena *arena, const struct reader *reader,
			  struct symbolizer *symbolizer, bool is_brief)
{
	struct stacks *stacks = arena_alloc(arena, sizeof(*stacks));

	stacks->frames.arena = arena;
	stacks->frames.reader = reader;
	stacks->frames.symbolizer = symbolizer;
	stacks->is_brief = is_brief;
	return stacks;
}

void stacks_finish(struct stacks *stacks)
{
	named_frames_finish(&stacks->frames);
}

unsigned stacks_interpreters(const struct stacks *stacks)
{
	return stacks->frames.interpreters;
}

unsigned stacks_languages(const struct stacks *stacks)
{
	return stacks->frames.languages;
}

const struct arena_list *stacks_nameless(const struct stacks *stacks)
{
	return &stacks->frames.nameless;
}

static const struct report_stack *find(struct stacks *stacks, uint32_t id, bool is_close)
{
	void **known = table_find(stacks->frames.arena, &stacks->stacks[is_close], id);

	/* Making a stack adds no stack: the place stays valid. */
	if (!*known)
		*known = stack_make(stacks, id, is_close);
	return *known;
}

const struct report_stack *stacks_find(struct stacks *stacks, uint32_t id)
{
	return find(stacks, id, false);
}

const struct report_stack *stacks_find_close(struct stacks *stacks, uint32_t id)
{
	return find(stacks, id, true);
}
