#include "analyze/handovers.h"

#include "analyze/endings.h"

static void process_prepare(struct arena *arena, struct process *process)
{
	size_t connections = reader_count(process->reader, LEDGER_CONNECTIONS);
	size_t misuses = reader_count(process->reader, LEDGER_MISUSES);

	process->taken_over = arena_array(arena, connections + 1, sizeof(*process->taken_over));
	process->is_handover = arena_array(arena, misuses + 1, sizeof(*process->is_handover));
	process->opened_by_owner =
		arena_array(arena, misuses + 1, sizeof(*process->opened_by_owner));
}

/* Not by what runs in every child: exit handlers, destructors, a collector. */
static bool is_finished_by_call(const struct process *child, const struct ledger_misuse *misuse,
				const struct report_stack *stack)
{
	bool is_known = process_is_interpreter_known(child);

	return misuse->kind == LEDGER_MISUSE_INHERITED_FINISH &&
	       ending_of_finished(0, stack, "", is_known) == ENDING_CLOSED;
}

static bool is_same(const struct ledger_connection *own, const struct ledger_misuse *misuse)
{
	return own->handle == misuse->connection.handle &&
	       own->backend_pid == misuse->connection.backend_pid;
}

static bool is_left_to_child(const struct ledger_connection *own,
			     const struct ledger_misuse *misuse)
{
	/* A parent may have closed its own descriptor of what it gave away. */
	return (own->state == LEDGER_OPEN || own->state == LEDGER_CLOSED_UNSEEN) &&
	       is_same(own, misuse) &&
	       own->last_use_at_ns <= misuse->at_ns;
}

/* Of several with one pid, an exec's, the one that has the connection. */
static bool owner_find(struct process *processes, size_t count,
		       const struct ledger_misuse *misuse, const struct report_stack *stack)
{
	for (size_t i = 0; i < count; i++) {
		struct process *owner = &processes[i];
		size_t connections = reader_count(owner->reader, LEDGER_CONNECTIONS);

		if (owner->report.pid != misuse->connection.owner_pid)
			continue;
		for (size_t id = 1; id <= connections; id++)
			if (is_left_to_child(reader_connection(owner->reader, (uint32_t)id),
					     misuse)) {
				owner->taken_over[id] = stack;
				return true;
			}
	}
	return false;
}

static const struct report_stack *opened_find(struct process *processes, size_t count,
					      const struct ledger_misuse *misuse)
{
	for (size_t i = 0; i < count; i++) {
		struct process *owner = &processes[i];
		size_t connections = reader_count(owner->reader, LEDGER_CONNECTIONS);

		if (owner->report.pid != misuse->connection.owner_pid)
			continue;
		for (size_t id = 1; id <= connections; id++) {
			const struct ledger_connection *own =
				reader_connection(owner->reader, (uint32_t)id);

			if (own->state != LEDGER_FREE && is_same(own, misuse))
				return stacks_find(owner->stacks, own->opened_stack);
		}
	}
	return NULL;
}

void handovers_find(struct arena *arena, struct process *processes, size_t count)
{
	for (size_t i = 0; i < count; i++)
		process_prepare(arena, &processes[i]);
	for (size_t i = 0; i < count; i++) {
		struct process *child = &processes[i];
		size_t misuses = reader_count(child->reader, LEDGER_MISUSES);

		for (size_t id = 1; id <= misuses; id++) {
			const struct ledger_misuse *misuse =
				reader_misuse(child->reader, (uint32_t)id);
			const struct report_stack *stack =
				stacks_find(child->stacks, misuse->stack);

			child->opened_by_owner[id] = opened_find(processes, count, misuse);
			child->is_handover[id] =
				is_finished_by_call(child, misuse, stack) &&
				owner_find(processes, count, misuse, stack);
		}
	}
}
