#include "analyze/checkout.h"

#include "analyze/code_place.h"
#include "analyze/endings.h"
#include "analyze/user_line.h"

enum move { MOVE_NONE, MOVE_TAKEN, MOVE_RETURNED, MOVE_LENT };

static const struct code_place places[] = {
#define RETURN(move, language, file, function) { language, file, function },
#include "analyze/returns.def"
#undef RETURN
};

static const enum move moves[] = {
#define RETURN(move, language, file, function) MOVE_##move,
#include "analyze/returns.def"
#undef RETURN
};

static enum move move_of_frame(const struct report_frame *frame)
{
	const struct code_place *place =
		code_place_find(places, sizeof(places) / sizeof(places[0]), frame);

	return place ? moves[place - places] : MOVE_NONE;
}

static enum move move_look(const struct report_stack *stack)
{
	bool is_lent = false, is_programs = false, is_lent_to_program = false;

	for (size_t i = 0; i < stack->count; i++) {
		enum move move = move_of_frame(&stack->frames[i]);

		if (move == MOVE_TAKEN || move == MOVE_RETURNED)
			return move;
		is_programs |= stack->frames[i].is_user;
		if (move == MOVE_LENT) {
			is_lent = true;
			is_lent_to_program = is_programs;
		}
	}
	/* An outer block may be among the frames that are missing. */
	return is_lent && !is_lent_to_program && !stack->is_truncated ? MOVE_RETURNED : MOVE_NONE;
}

/* What the pool was about, in the innermost frame that tells. Thousands of connections have
 * few stacks: each is looked at once. */
static enum move move_of(struct process *process, struct arena *arena,
			 const struct report_stack *stack)
{
	uintptr_t *known;

	if (!stack->count)
		return MOVE_NONE;
	known = (uintptr_t *)table_find(arena, &process->moves, (uintptr_t)stack->frames);
	if (!*known)
		*known = 1 + (uintptr_t)move_look(stack);
	return (enum move)(*known - 1);
}

static const struct report_frame *line_of(const struct report_stack *stack,
					  const struct report_stack *otherwise)
{
	const struct report_frame *line = user_line_inside_loop(stack);

	return line ? line : user_line_inside_loop(otherwise);
}

/* Nobody has used it: the pool opened it for itself, or for somebody who waits. */
static enum pool_state unused_state(struct process *process, struct arena *arena,
				    const struct ledger_connection *record,
				    const struct report_stack *opened)
{
	bool is_known = process->header->flags & LEDGER_TRACKS_USES &&
			record->state != LEDGER_CONNECTING;

	return is_known && move_of(process, arena, opened) != MOVE_TAKEN ? POOL_STATE_IDLE
									: POOL_STATE_UNKNOWN;
}

void checkout_find(struct report_connection *report, struct arena *arena,
		   struct process *process, const struct ledger_connection *record)
{
	const struct report_stack *opened = stacks_find(process->stacks, record->opened_stack);

	if (ending_in_transaction(record->transaction, record->begun_stack)) {
		report->pool_state = POOL_STATE_CHECKED_OUT;
		report->checked_out_since_ns = report->transaction_begun_at_ns ?
			report->transaction_begun_at_ns : report->last_use_at_ns;
		report->held_by = line_of(&report->last_use, &report->transaction_begun);
		return;
	}
	if (!report->last_use_at_ns)
		report->pool_state = unused_state(process, arena, record, opened);
	else if (move_of(process, arena, &report->last_use) == MOVE_RETURNED)
		report->pool_state = POOL_STATE_IDLE;
	else
		report->pool_state = POOL_STATE_UNKNOWN;
	if (report->pool_state == POOL_STATE_UNKNOWN)
		report->held_by = line_of(&report->last_use, report->last_use_at_ns
					  ? &report->last_use : opened);
}
