#include "analyze/handovers.h"

#include "analyze/endings.h"

/* The clock of uses is one of ticks. */
#define TICK_MAX_NS UINT64_C(10000000)

struct family {
	struct process *processes;
	size_t count;
};

static void process_prepare(struct arena *arena, struct process *process)
{
	size_t connections = reader_count(process->reader, LEDGER_CONNECTIONS);
	size_t misuses = reader_count(process->reader, LEDGER_MISUSES);

	process->taken_over = arena_array(arena, connections + 1, sizeof(*process->taken_over));
	process->inheritances = arena_array(arena, misuses + 1, sizeof(*process->inheritances));
}

static bool is_inherited(const struct ledger_misuse *misuse)
{
	return misuse->kind == LEDGER_MISUSE_INHERITED_FINISH ||
	       misuse->kind == LEDGER_MISUSE_INHERITED_USE;
}

static bool is_of_connection(const struct ledger_connection *own,
			     const struct ledger_misuse *misuse)
{
	return own->handle == misuse->connection.handle &&
	       own->backend_pid == misuse->connection.backend_pid;
}

static bool is_of_same(const struct ledger_misuse *a, const struct ledger_misuse *b)
{
	return is_inherited(b) && a->connection.owner_pid == b->connection.owner_pid &&
	       is_of_connection(&a->connection, b);
}

/* Of several with one pid, an exec's, the one that has the connection. Its id; 0 none. */
static uint32_t owner_find(const struct family *family, const struct ledger_misuse *misuse,
			   struct process **ret_owner)
{
	for (size_t i = 0; i < family->count; i++) {
		struct process *owner = &family->processes[i];
		size_t connections = reader_count(owner->reader, LEDGER_CONNECTIONS);

		if (owner->report.pid != misuse->connection.owner_pid)
			continue;
		for (size_t id = 1; id <= connections; id++) {
			const struct ledger_connection *own =
				reader_connection(owner->reader, (uint32_t)id);

			if (own->state != LEDGER_FREE && is_of_connection(own, misuse)) {
				*ret_owner = owner;
				return (uint32_t)id;
			}
		}
	}
	return 0;
}

static void heir_set(struct inheritance *inheritance, enum heir_kind kind,
		     const struct process *heir, uint32_t stack)
{
	inheritance->heir = kind;
	inheritance->heir_pid = heir->report.pid;
	inheritance->heir_stack = stacks_find(heir->stacks, stack);
}

static void sibling_find(const struct family *family, const struct process *child,
			 const struct ledger_misuse *misuse, struct inheritance *inheritance)
{
	for (size_t i = 0; i < family->count; i++) {
		const struct process *other = &family->processes[i];
		size_t misuses = reader_count(other->reader, LEDGER_MISUSES);

		if (other->report.pid == child->report.pid)
			continue;
		for (size_t id = 1; id <= misuses; id++) {
			const struct ledger_misuse *its =
				reader_misuse(other->reader, (uint32_t)id);

			if (is_of_same(misuse, its)) {
				heir_set(inheritance, HEIR_SIBLING, other, its->stack);
				return;
			}
		}
	}
}

/* Where the times are too close, the number of uses tells. */
static bool is_used_later(const struct ledger_connection *own, const struct ledger_misuse *misuse)
{
	return own->last_use_at_ns > misuse->at_ns ||
	       (own->uses > misuse->connection.uses &&
		own->last_use_at_ns + TICK_MAX_NS > misuse->at_ns);
}

/* A finish takes nothing from a child that only used it, and was gone. */
static bool is_finished_too_soon(const struct process *child,
				 const struct ledger_connection *own,
				 const struct ledger_misuse *misuse)
{
	if (own->state != LEDGER_ENDED || own->ended_at_ns <= misuse->at_ns)
		return false;
	return misuse->kind != LEDGER_MISUSE_INHERITED_USE || child->is_running ||
	       child->header->ended_at_ns > own->ended_at_ns;
}

/* Who went on with the connection after the child had begun? */
static void heir_find(const struct family *family, const struct process *child,
		      const struct ledger_misuse *misuse, struct inheritance *inheritance)
{
	const struct ledger_connection *own = inheritance->own;

	if (own && is_used_later(own, misuse))
		heir_set(inheritance, HEIR_USED, inheritance->owner, own->last_use_stack);
	else if (own && is_finished_too_soon(child, own, misuse))
		heir_set(inheritance, HEIR_FINISHED, inheritance->owner, own->closed_stack);
	else
		sibling_find(family, child, misuse, inheritance);
}

/* Not by what runs in every child: exit handlers, destructors, a collector. */
static bool is_finished_by_call(const struct process *child, const struct ledger_misuse *misuse)
{
	bool is_known = process_is_interpreter_known(child);

	return ending_of_finished(0, stacks_find(child->stacks, misuse->stack), "", is_known) ==
	       ENDING_CLOSED;
}

/* A parent may have closed its own descriptor of what it gave away. */
static bool is_unfinished(const struct ledger_connection *own)
{
	return own && (own->state == LEDGER_OPEN || own->state == LEDGER_CLOSED_UNSEEN);
}

/* Where the owner was gone, it was whatever finished it that the connection was left to. */
static bool is_left_to(const struct process *child, const struct ledger_misuse *misuse,
		       const struct inheritance *inheritance)
{
	/* What a witness has not done so far it may still do. */
	return is_unfinished(inheritance->own) && !inheritance->owner->is_witness &&
	       inheritance->heir == HEIR_NONE &&
	       (misuse->connection.evidence & LEDGER_OWNER_GONE ||
		is_finished_by_call(child, misuse));
}

/* Is there an earlier one of its kind and connection, or does the finish of it tell more? */
static bool is_told_by_another(const struct process *child, uint32_t id)
{
	const struct ledger_misuse *misuse = reader_misuse(child->reader, id);
	size_t misuses = reader_count(child->reader, LEDGER_MISUSES);

	for (size_t other = 1; other <= misuses; other++) {
		const struct ledger_misuse *its = reader_misuse(child->reader, (uint32_t)other);

		if (!is_of_same(misuse, its))
			continue;
		if (its->kind == misuse->kind && other < id)
			return true;
		if (misuse->kind == LEDGER_MISUSE_INHERITED_USE && its->kind != misuse->kind &&
		    child->inheritances[other].is_told)
			return true;
	}
	return false;
}

static uint64_t count_of(const struct process *child, const struct ledger_misuse *misuse)
{
	size_t misuses = reader_count(child->reader, LEDGER_MISUSES);
	uint64_t count = 0;

	for (size_t id = 1; id <= misuses; id++) {
		const struct ledger_misuse *its = reader_misuse(child->reader, (uint32_t)id);

		if (its->kind == misuse->kind && is_of_same(misuse, its))
			count += its->count;
	}
	return count;
}

static void judge(const struct family *family, struct process *child, uint32_t id)
{
	const struct ledger_misuse *misuse = reader_misuse(child->reader, id);
	struct inheritance *inheritance = &child->inheritances[id];
	struct process *owner = NULL;
	uint32_t own_id = owner_find(family, misuse, &owner);

	if (own_id) {
		inheritance->owner = owner;
		inheritance->own = reader_connection(owner->reader, own_id);
	}
	heir_find(family, child, misuse, inheritance);
	inheritance->count = count_of(child, misuse);
	if (misuse->kind == LEDGER_MISUSE_INHERITED_USE)
		inheritance->is_told = inheritance->heir != HEIR_NONE;
	else if (is_left_to(child, misuse, inheritance))
		owner->taken_over[own_id] = stacks_find(child->stacks, misuse->stack);
	else
		inheritance->is_told = !(misuse->connection.evidence & LEDGER_OWNER_GONE) ||
				       inheritance->heir != HEIR_NONE;
	if (is_told_by_another(child, id))
		inheritance->is_told = false;
}

void handovers_find(struct arena *arena, struct process *processes, size_t count)
{
	const struct family family = { processes, count };
	static const enum ledger_misuse_kind kinds[] = { LEDGER_MISUSE_INHERITED_FINISH,
							 LEDGER_MISUSE_INHERITED_USE };

	for (size_t i = 0; i < count; i++)
		process_prepare(arena, &processes[i]);
	/* A use is told when the finish is not: finishes first. */
	for (size_t kind = 0; kind < sizeof(kinds) / sizeof(kinds[0]); kind++)
		for (size_t i = 0; i < count; i++) {
			size_t misuses = reader_count(processes[i].reader, LEDGER_MISUSES);

			for (size_t id = 1; id <= misuses; id++)
				if (reader_misuse(processes[i].reader, (uint32_t)id)->kind ==
				    kinds[kind])
					judge(&family, &processes[i], (uint32_t)id);
		}
}
