#include "analyze/user_line.h"

#include <string.h>

#include "analyze/code_place.h"

static const struct code_place workers[] = {
#define WORKER(language, file, function) { language, file, function },
#include "analyze/workers.def"
#undef WORKER
};

static const struct code_place loops[] = {
#define LOOP(language, file, function) { language, file, function },
#include "analyze/loops.def"
#undef LOOP
};

/* The start-up code that every main program contains; Rust's has a main of C. */
static bool is_start_code(const struct owned_frame *frames, size_t index)
{
	const struct report_frame *frame = &frames[index].frame;

	return strcmp(frame->function, "_start") == 0 ||
	       (strcmp(frame->function, "main") == 0 && !frame->line && index > 0 &&
		strcmp(frames[index - 1].frame.library, "rust") == 0);
}

static bool is_candidate(const struct owned_frame *frames, size_t index, bool is_native,
			 enum owner owner)
{
	const struct owned_frame *frame = &frames[index];

	return !frame->is_call && frame->is_native == is_native && frame->owner == owner &&
	       !(is_native && is_start_code(frames, index));
}

static const struct owned_frame *neighbour(const struct owned_frame *frames, size_t count,
					   size_t index, size_t step)
{
	for (index += step; index < count; index += step)
		if (!frames[index].is_native)
			return &frames[index];
	return NULL;
}

void generated_code_mark(struct owned_frame *frames, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		/* A step down from the innermost frame wraps, and ends the search. */
		const struct owned_frame *inner = neighbour(frames, count, i, (size_t)-1);
		const struct owned_frame *outer = neighbour(frames, count, i, 1);

		if (frames[i].is_native || frames[i].owner != OWNER_PROGRAM ||
		    frames[i].frame.file[0] != '<' || !inner || !outer ||
		    inner->owner != OWNER_LIBRARY || outer->owner != OWNER_LIBRARY ||
		    strcmp(inner->frame.library, outer->frame.library) != 0 ||
		    strcmp(inner->frame.library, frames[i].frame.language) == 0)
			continue;
		frames[i].owner = OWNER_LIBRARY;
		frames[i].frame.library = inner->frame.library;
	}
}

/* The frames inside of the innermost worker of a library; all where there is none. */
static size_t inside_worker(const struct owned_frame *frames, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (code_place_find(workers, sizeof(workers) / sizeof(workers[0]),
				    &frames[i].frame))
			return i;
	return count;
}

void user_line_mark(struct owned_frame *frames, size_t count)
{
	static const struct {
		bool is_native;
		enum owner owner;
	} tiers[] = {
		{ false, OWNER_PROGRAM },
		{ false, OWNER_PACKAGE },
		{ true, OWNER_PROGRAM },
	};
	bool is_found = false;

	count = inside_worker(frames, count);
	for (size_t tier = 0; !is_found && tier < sizeof(tiers) / sizeof(tiers[0]); tier++)
		for (size_t i = 0; i < count; i++)
			if (is_candidate(frames, i, tiers[tier].is_native, tiers[tier].owner)) {
				frames[i].frame.is_user = true;
				is_found = true;
			}
}

const struct report_frame *user_line_find(const struct report_stack *stack)
{
	for (size_t i = 0; i < stack->count; i++)
		if (stack->frames[i].is_user)
			return &stack->frames[i];
	return NULL;
}

bool user_line_is_above(const struct report_stack *stack, const char *library)
{
	for (size_t i = 0; i < stack->count && !stack->frames[i].is_user; i++)
		if (strcmp(stack->frames[i].library, library) == 0)
			return true;
	return false;
}

const struct report_frame *user_line_inside_loop(const struct report_stack *stack)
{
	for (size_t i = 0; i < stack->count; i++) {
		if (stack->frames[i].is_user)
			return &stack->frames[i];
		if (code_place_find(loops, sizeof(loops) / sizeof(loops[0]), &stack->frames[i]))
			break;
	}
	return NULL;
}

static bool is_of_library(const struct report_frame *frame, const char *library)
{
	return *library && strcmp(frame->library, library) == 0;
}

static bool is_of_language(const struct report_frame *frame, const char *unused)
{
	(void)unused;
	return strcmp(frame->language, "c") != 0 && *frame->function;
}

static bool is_named(const struct report_frame *frame, const char *unused)
{
	(void)unused;
	return strcmp(frame->library, "libpq") != 0 && *frame->function;
}

static bool is_not_libpq(const struct report_frame *frame, const char *unused)
{
	(void)unused;
	return strcmp(frame->library, "libpq") != 0;
}

const struct report_frame *user_line_stand_in(const struct report_stack *stack,
					      const char *library)
{
	static bool (*const choices[])(const struct report_frame *frame, const char *library) = {
		is_of_library, is_of_language, is_named, is_not_libpq,
	};
	const struct report_frame *line = user_line_find(stack);

	if (line || !stack->count)
		return line;
	for (size_t i = 0; i < sizeof(choices) / sizeof(choices[0]); i++)
		for (size_t j = 0; j < stack->count; j++)
			if (choices[i](&stack->frames[j], library))
				return &stack->frames[j];
	return &stack->frames[0];
}
