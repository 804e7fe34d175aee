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

static void set_checked_out(struct report_connection *report, uint64_t since_ns,
			    const struct report_stack *stack)
{
	report->pool_state = POOL_STATE_CHECKED_OUT;
	report->checked_out_since_ns = since_ns;
	report->checked_out_by = user_line_inside_loop(&report->last_use);
	if (!report->checked_out_by)
		report->checked_out_by = user_line_inside_loop(stack);
}

/* The pool opened it for itself, or for somebody who waits. */
static void unused_find(struct report_connection *report, struct arena *arena,
			struct process *process, const struct ledger_connection *record)
{
	const struct report_stack *opened = stacks_find(process->stacks, record->opened_stack);

	if (!(process->header->flags & LEDGER_TRACKS_USES) || record->state == LEDGER_CONNECTING)
		report->pool_state = POOL_STATE_UNKNOWN;
	else if (move_of(process, arena, opened) == MOVE_TAKEN)
		set_checked_out(report, report->opened_at_ns, opened);
	else
		report->pool_state = POOL_STATE_IDLE;
}

void checkout_find(struct report_connection *report, struct arena *arena,
		   struct process *process, const struct ledger_connection *record)
{
	enum move move = move_of(process, arena, &report->last_use);

	if (ending_in_transaction(record->transaction, record->begun_stack)) {
		set_checked_out(report, report->transaction_begun_at_ns ?
				report->transaction_begun_at_ns : report->last_use_at_ns,
				&report->transaction_begun);
	} else if (!report->last_use_at_ns) {
		unused_find(report, arena, process, record);
	} else if (move == MOVE_TAKEN) {
		set_checked_out(report, report->last_use_at_ns, &report->last_use);
	} else {
		report->pool_state = move == MOVE_RETURNED ? POOL_STATE_IDLE : POOL_STATE_UNKNOWN;
	}
}
