#include "analyze/fingerprint.h"

#include <string.h>

#include "analyze/table.h"
#include "analyze/user_line.h"

/* The last part only: the same program is the same in another directory's library. */
static const char *module_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static uint64_t frame_hash(uint64_t hash, const struct report_frame *frame)
{
	/* Code that no object covers lies elsewhere in the next run. */
	if (!*frame->file && !*frame->function && !*frame->module)
		return hash;
	hash = hash_text(hash, frame->language);
	hash = hash_text(hash, frame->function);
	hash = hash_text(hash, frame->file);
	if (frame->line || !*frame->module)
		return hash_number(hash, frame->line);
	hash = hash_text(hash, module_name(frame->module));
	return hash_number(hash, frame->offset);
}

static uint64_t stack_hash(const struct report_stack *stack, bool is_user_only)
{
	uint64_t hash = HASH_EMPTY;

	for (size_t i = 0; i < stack->count; i++)
		if (stack->frames[i].is_user || !is_user_only)
			hash = frame_hash(hash, &stack->frames[i]);
	return hash;
}

uint64_t fingerprint_of_site(const struct report_stack *stack)
{
	return stack_hash(stack, user_line_find(stack) != NULL);
}

uint64_t fingerprint_of_stack(const struct report_stack *stack)
{
	return stack_hash(stack, false);
}
