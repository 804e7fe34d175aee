#include "analyze/misuse.h"

#include <string.h>

#include "analyze/endings.h"
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

static const struct misuse_text *text_find(uint32_t kind, const struct report_stack *opened)
{
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (texts[i].kind == kind && is_of_library(&texts[i], opened))
			return &texts[i];
	return NULL;
}

static const char *expand(struct arena *arena, const char *text, int owner, int pid)
{
	const char *done = "";

	while (*text) {
		size_t plain = strcspn(text, "{");

		done = arena_format(arena, "%s%.*s", done, (int)plain, text);
		text += plain;
		if (!*text)
			break;
		done = arena_format(arena, "%s%d", done, text[1] == 'o' ? owner : pid);
		text += strcspn(text, "}");
		text += *text == '}';
	}
	return done;
}

static enum ending ending_of(const struct process *process, const struct ledger_misuse *record,
			     const struct report_stack *stack)
{
	if (record->kind == LEDGER_MISUSE_INHERITED_FINISH)
		return ENDING_CHILD_FINISH;
	if (record->kind == LEDGER_MISUSE_DOUBLE_FINISH)
		return ending_of_finished(record->connection.evidence, stack, "", true);
	return ending_of_unfinished(record->connection.state, process->report.ended);
}

static void stack_add(struct report_misuse *misuse, const char *name,
		      const struct report_stack *stack)
{
	misuse->stack_name[misuse->stack_count] = name;
	misuse->stack[misuse->stack_count++] = *stack;
}

void misuse_add(struct arena *arena, struct arena_list *list, struct process *process,
		const struct suppressions *suppressions, uint64_t *suppressed)
{
	size_t count = reader_count(process->reader, LEDGER_MISUSES);

	for (size_t id = 1; id <= count; id++) {
		const struct ledger_misuse *record = reader_misuse(process->reader, (uint32_t)id);
		const struct report_stack *opened =
			stacks_find(process->stacks, record->connection.opened_stack);
		const struct report_stack *misused = stacks_find(process->stacks, record->stack);
		int owner = record->connection.owner_pid;
		struct site_connection connection;
		struct report_misuse *misuse;

		/* What was inherited, another ledger knows. */
		if (!opened->count && process->opened_by_owner[id])
			opened = process->opened_by_owner[id];

		const struct misuse_text *text = text_find(record->kind, opened);

		if (!text || process->is_handover[id])
			continue;
		if (suppressions_match(suppressions, opened) ||
		    suppressions_match(suppressions, misused)) {
			(*suppressed)++;
			continue;
		}
		site_connection_init(&connection, arena, process, &record->connection,
				     ending_of(process, record, misused));
		misuse = arena_list_add(arena, list, sizeof(*misuse));
		misuse->kind = text->name;
		misuse->diagnosis = expand(arena, text->cause, owner, process->report.pid);
		misuse->cure = text->cure;
		misuse->connection = connection.report;
		stack_add(misuse, "opened", opened);
		stack_add(misuse, "misused", misused);
	}
}
