/* The stack of a call: known by its trail, or walked, described and stored. */
#include <errno.h>

#include "capture/languages.h"
#include "capture/notice.h"
#include "capture/recorder_state.h"
#include "capture/trail.h"

/* What is asked of the stack besides, the moment and the pool, needs a language's frames. */
bool recorder_find_stack(struct stack *stack, const struct use *use)
{
	struct languages_mark mark;

	*stack = (struct stack){ 0 };
	if (!use->frame || !languages_mark(recorder.options->depth, &mark) ||
	    (mark.count && !mark.can_look))
		return false;
	stack->trail = trail_find(use, &mark);
	if (stack->trail)
		stack->stored = stack->trail->stack;
	return stack->trail;
}

static struct depot_stack *store(struct stack *stack)
{
	struct depot_stack *stored = depot_find(&recorder.depot, stack->key);

	if (stored)
		return stored;
	stack_describe(stack);
	recorder_lock();
	stored = depot_find(&recorder.depot, stack->key);
	if (!stored)
		stored = stack_store(stack, &recorder.ledger, &recorder.depot);
	recorder_unlock();
	return stored;
}

/* NULL where it has none. Frames that the walk could not read now would be missing from then on. */
static const struct trail *trail_of(struct stack *stack, const struct use *use,
				    const struct languages_mark *mark, struct depot_stack *stored)
{
	if (!stack->frame_count != !mark->count)
		return NULL;
	const struct trail *trail = trail_renew(use, mark, stored);

	if (trail || !trail_is_wanted(stored))
		return trail;
	stack_point(stack);
	recorder_lock();
	trail = trail_add(use, mark, stack, stored);
	recorder_unlock();
	return trail;
}

/* The interpreters that there are now will have frames in the stacks: in those that are walked,
 * openings or uses. What a known stack's native frames run was there when it was walked; what was
 * loaded since has no frame in it. */
static void attach_languages(void)
{
	uint32_t unread = languages_attach();
	const char *unsupported = languages_unsupported();

	if (unread)
		recorder.ledger.header->unread_languages = unread;
	if (unsupported)
		notice_say(NOTICE_LANGUAGE_UNREAD, unsupported, ENOTSUP);
}

const struct trail *recorder_walk_stack(struct stack *stack, const struct use *use)
{
	const struct trail *trail = NULL;
	struct scratch *scratch = scratch_take();
	struct languages_mark mark;

	*stack = (struct stack){ 0 };
	if (!scratch) {
		notice_say(NOTICE_NO_STACKS, "", ENOMEM);
		return NULL;
	}
	attach_languages();
	bool is_marked = use->frame && languages_mark(recorder.options->depth, &mark);

	stack_take(stack, scratch, use->libpq, use->call, use->return_address,
		   recorder.options->depth);
	struct depot_stack *stored = store(stack);

	stack->stored = stored;
	if (is_marked && stored)
		trail = trail_of(stack, use, &mark, stored);
	return trail;
}

void recorder_release_stack(struct stack *stack)
{
	if (stack->scratch)
		scratch_give(stack->scratch);
}

uint32_t stack_id(const struct stack *stack)
{
	return stack->stored ? stack->stored->stack : 0;
}

uint32_t recorder_stack_id(struct libpq *libpq, enum libpq_call call, uintptr_t return_address)
{
	struct stack stack;

	recorder_walk_stack(&stack, &(struct use){ .libpq = libpq, .call = call,
						   .return_address = return_address });
	recorder_release_stack(&stack);
	return stack_id(&stack);
}
