#include "analyze/misuse.h"

#include <string.h>

#include "analyze/endings.h"
#include "analyze/handovers.h"
#include "analyze/sites.h"
#include "analyze/user_line.h"

static const struct misuse_text {
	enum ledger_misuse_kind kind;
	const char *library, *name, *cause, *cure;
} texts[] = {
#define MISUSE(kind, library, name, cause, cure) { kind, library, name, cause, cure },
#include "analyze/misuses.def"
#undef MISUSE
};

static bool is_of_library(const struct misuse_text *text, const struct report_stack *opened)
{
	const struct report_frame *line = user_line_find(opened);

	return !*text->library || (line && strcmp(text->library, line->language) == 0) ||
	       user_line_is_above(opened, text->library);
}

/* A newer writer's kind is not. */
static bool text_is_known(uint32_t kind)
{
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (texts[i].kind == kind)
			return true;
	return false;
}

static const struct misuse_text *text_find(uint32_t kind, const struct report_stack *opened)
{
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (texts[i].kind == kind && is_of_library(&texts[i], opened))
			return &texts[i];
	return NULL;
}

/* What the other one did with an inherited connection. */
static const char *heir_words(struct arena *arena, const struct inheritance *inheritance)
{
	switch (inheritance->heir) {
	case HEIR_USED:
		return "used again by the parent after that";
	case HEIR_FINISHED:
		return "finished by the parent after that";
	case HEIR_SIBLING:
		return arena_format(arena, "in its child %d, too", inheritance->heir_pid);
	case HEIR_NONE:
		break;
	}
	return "";
}

struct names {
	int owner, pid;
	const char *heir;
};

static const char *expand(struct arena *arena, const char *text, const struct names *names)
{
	const char *done = "";

	while (*text) {
		size_t plain = strcspn(text, "{");

		done = arena_format(arena, "%s%.*s", done, (int)plain, text);
		text += plain;
		if (!*text)
			break;
		if (strncmp(text, "{heir}", 6) == 0)
			done = arena_format(arena, "%s%s", done, names->heir);
		else
			done = arena_format(arena, "%s%d", done,
					    text[1] == 'o' ? names->owner : names->pid);
		text += strcspn(text, "}");
		text += *text == '}';
	}
	return done;
}

static enum ending ending_of(const struct process *process, const struct ledger_misuse *record,
			     const struct report_stack *finished)
{
	switch (record->kind) {
	case LEDGER_MISUSE_INHERITED_FINISH:
		return ENDING_CHILD_FINISH;
	case LEDGER_MISUSE_DOUBLE_FINISH:
	case LEDGER_MISUSE_USE_AFTER_FINISH:
		return ending_of_finished(record->connection.evidence, finished, "", true);
	default:
		return ending_of_unfinished(record->connection.state, process->report.ended);
	}
}

static void stack_add(struct report_misuse *misuse, const char *name,
		      const struct report_stack *stack)
{
	if (!stack || !stack->count)
		return;
	misuse->stack_name[misuse->stack_count] = name;
	misuse->stack[misuse->stack_count++] = *stack;
}

/* The child knows the handle only. */
static void identity_copy(struct report_connection *to, const struct report_connection *from)
{
	to->host = from->host;
	to->port = from->port;
	to->database = from->database;
	to->user = from->user;
	to->application_name = from->application_name;
	to->opened_at_ns = from->opened_at_ns;
}

static void connection_init(struct report_misuse *misuse, struct arena *arena,
			    struct process *process, const struct ledger_misuse *record,
			    const struct inheritance *inheritance, enum ending ending)
{
	struct site_connection connection, own;

	site_connection_init(&connection, arena, process, &record->connection, ending);
	misuse->connection = connection.report;
	if (!inheritance->own)
		return;
	site_connection_init(&own, arena, (struct process *)inheritance->owner, inheritance->own,
			     ending);
	identity_copy(&misuse->connection, &own.report);
}

static const struct report_stack *opened_find(const struct process *process,
					      const struct ledger_misuse *record,
					      const struct inheritance *inheritance)
{
	if (inheritance->own)
		return stacks_find(inheritance->owner->stacks, inheritance->own->opened_stack);
	return stacks_find(process->stacks, record->connection.opened_stack);
}

/* The finished one's address had been another's. */
static const char *reused_words(struct arena *arena, const char *cause)
{
	return arena_format(arena, "%s; another connection had its address before, so that the "
				   "finish may be that one's, by a pointer that was kept", cause);
}

static bool is_told(const struct ledger_misuse *record, const struct inheritance *inheritance)
{
	return inheritance->is_told || (record->kind != LEDGER_MISUSE_INHERITED_FINISH &&
					record->kind != LEDGER_MISUSE_INHERITED_USE);
}

static void misuse_fill(struct report_misuse *misuse, struct arena *arena,
			struct process *process, const struct ledger_misuse *record,
			const struct inheritance *inheritance)
{
	const struct report_stack *opened = opened_find(process, record, inheritance);
	const struct misuse_text *text = text_find(record->kind, opened);
	const struct names names = { record->connection.owner_pid, process->report.pid,
				     heir_words(arena, inheritance) };
	bool is_finished = record->kind == LEDGER_MISUSE_DOUBLE_FINISH ||
			   record->kind == LEDGER_MISUSE_USE_AFTER_FINISH;
	const struct report_stack *finished = stacks_find(
		process->stacks, is_finished ? record->connection.closed_stack : 0);
	const struct report_stack *other = stacks_find(process->stacks, record->other_stack);

	connection_init(misuse, arena, process, record, inheritance,
			ending_of(process, record, finished));
	misuse->kind = text->name;
	misuse->diagnosis = expand(arena, text->cause, &names);
	misuse->cure = text->cure;
	misuse->count = inheritance->count ? inheritance->count : record->count;
	misuse->thread = record->thread;
	stack_add(misuse, "opened", opened);
	stack_add(misuse, "finished", finished);
	stack_add(misuse, "misused", stacks_find(process->stacks, record->stack));
	stack_add(misuse, inheritance->heir == HEIR_SIBLING ? "sibling" : "parent",
		  inheritance->heir_stack);
	if (record->kind == LEDGER_MISUSE_TWO_THREADS) {
		misuse->other_thread = record->other_thread;
		stack_add(misuse, "other", other);
	}
	if (is_finished && other->count) {
		misuse->diagnosis = reused_words(arena, misuse->diagnosis);
		stack_add(misuse, "before", other);
	}
}

static bool is_suppressed(const struct report_misuse *misuse,
			  const struct suppressions *suppressions)
{
	for (size_t i = 0; i < misuse->stack_count; i++)
		if (suppressions_match(suppressions, &misuse->stack[i]))
			return true;
	return false;
}

void misuse_add(struct arena *arena, struct arena_list *list, struct process *process,
		const struct suppressions *suppressions, uint64_t *suppressed)
{
	size_t count = reader_count(process->reader, LEDGER_MISUSES);

	for (size_t id = 1; id <= count; id++) {
		const struct ledger_misuse *record = reader_misuse(process->reader, (uint32_t)id);
		const struct inheritance *inheritance = &process->inheritances[id];
		struct report_misuse misuse = { 0 };

		if (!text_is_known(record->kind) || !is_told(record, inheritance))
			continue;
		misuse_fill(&misuse, arena, process, record, inheritance);
		if (is_suppressed(&misuse, suppressions))
			(*suppressed)++;
		else
			*(struct report_misuse *)arena_list_add(arena, list, sizeof(misuse)) =
				misuse;
	}
}
