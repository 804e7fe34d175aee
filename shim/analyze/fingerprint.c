#include "analyze/fingerprint.h"

#include <string.h>

#include "analyze/languages.h"
#include "analyze/table.h"
#include "ledger/layout.h"

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

static bool is_user(const struct report_frame *frame)
{
	return frame->is_user;
}

/* Of the language: an interpreter's own frames differ as it specialises its code. */
static bool is_of_language(const struct report_frame *frame)
{
	return strcmp(frame->language, language_name(LEDGER_NATIVE)) != 0;
}

static bool is_any(const struct report_frame *frame)
{
	(void)frame;
	return true;
}

/* Of the wanted frames; 0 when there is none. */
static uint64_t stack_hash(const struct report_stack *stack,
			   bool (*is_wanted)(const struct report_frame *frame))
{
	uint64_t hash = HASH_EMPTY;
	bool is_found = false;

	for (size_t i = 0; i < stack->count; i++) {
		if (!is_wanted(&stack->frames[i]))
			continue;
		hash = frame_hash(hash, &stack->frames[i]);
		is_found = true;
	}
	return is_found ? hash : 0;
}

uint64_t fingerprint_of_stack(const struct report_stack *stack)
{
	uint64_t hash = stack_hash(stack, is_of_language);

	return hash ? hash : stack_hash(stack, is_any);
}

uint64_t fingerprint_of_site(const struct report_stack *stack)
{
	uint64_t hash = stack_hash(stack, is_user);

	return hash ? hash : fingerprint_of_stack(stack);
}
