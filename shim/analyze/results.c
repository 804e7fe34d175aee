#include "analyze/results.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/fingerprint.h"
#include "analyze/languages.h"
#include "analyze/source.h"
#include "analyze/suppressions.h"
#include "analyze/table.h"
#include "analyze/user_line.h"

static const struct {
	const char *name, *one, *several, *not_done, *cure;
} kinds[LEDGER_RESULT_KIND_COUNT] = {
#define RESULT(kind, name, one, several, not_done, cure) \
	[kind] = { name, one, several, not_done, cure },
#include "analyze/results.def"
#undef RESULT
};

static uint64_t key_of(const struct ledger_result *record, uint64_t fingerprint)
{
	return hash_number(hash_number(HASH_EMPTY, record->kind), fingerprint);
}

static void result_init(struct report_result *result, struct arena *arena,
			const struct process *process, const struct ledger_result *record,
			const struct report_stack *stack)
{
	const struct report_frame *line = user_line_find(stack);
	char source[SOURCE_LINE_MAX] = "";

	if (line)
		source_read(line->file, line->line, source);
	*result = (struct report_result){
		.pid = process->report.pid,
		.kind = kinds[record->kind].name,
		.one = kinds[record->kind].one,
		.several = kinds[record->kind].several,
		.not_done = kinds[record->kind].not_done,
		.cure = kinds[record->kind].cure,
		.fingerprint = arena_format(arena, "%016" PRIx64, fingerprint_of_site(stack)),
		.stack = *stack,
		.user_line = line ? *line : (struct report_frame){
			.language = "", .function = "", .file = "", .module = "",
			.build_id = "", .library = "",
		},
		.user_source = arena_copy(arena, source),
		.first_at_ns = process_realtime(process, record->first_at_ns),
	};
}

/* Stacks of one line are counted together. Their peaks may have been at different times: the
 * sum is the most that there can have been. */
static void result_add(struct report_result *result, const struct process *process,
		       const struct ledger_result *record)
{
	uint64_t first_at_ns = process_realtime(process, record->first_at_ns);
	uint64_t last_at_ns = process_realtime(process, record->last_at_ns);

	result->made += record->made;
	result->freed += record->freed;
	result->peak += record->peak;
	if (record->peak_made * 2 > record->made && record->made > record->freed)
		result->rising += record->made - record->freed;
	if (first_at_ns < result->first_at_ns)
		result->first_at_ns = first_at_ns;
	if (last_at_ns > result->last_at_ns)
		result->last_at_ns = last_at_ns;
	result->open = result->made > result->freed ? result->made - result->freed : 0;
}

/* Do objects of an interpreter own it? */
static bool is_of_interpreter(const struct report_stack *stack)
{
	const char *library;

	for (size_t i = 0; i < stack->count; i++)
		if (strcmp(stack->frames[i].language, language_name(LEDGER_NATIVE)) != 0)
			return true;
	return report_stack_caller(stack, &library) != LEDGER_NATIVE;
}

static void judge_of_interpreter(struct report_result *result, const struct process *process)
{
	bool has_ended = strcmp(process->report.ended, "exit") == 0;

	result->verdict = has_ended && result->open >= RESULTS_MANY ? VERDICT_LEAK : VERDICT_HELD;
	if (result->verdict == VERDICT_LEAK)
		result->diagnosis = "left when the interpreter had ended its objects: nothing "
				    "there frees them";
	else
		result->diagnosis = "objects of the interpreter held them at the end of the "
				    "process";
}

static void judge_native(struct report_result *result, const struct process *process)
{
	bool is_few = result->open <= RESULTS_FEW || result->open <= process->report.peak_open;

	result->verdict = is_few || result->rising <= RESULTS_FEW ? VERDICT_HELD : VERDICT_LEAK;
	if (is_few)
		result->diagnosis = "few: the process ended while it still had them";
	else if (result->verdict == VERDICT_HELD)
		result->diagnosis = "kept until the end, and no more of them as time went on";
	else if (result->freed)
		result->diagnosis = "some path leaves without giving them back";
	else
		result->diagnosis = "nothing gives them back";
}

static void result_judge(struct report_result *result, const struct process *process)
{
	result->diagnosis = "";
	if (!result->open) {
		result->verdict = VERDICT_OK;
	} else if (process->is_running) {
		result->verdict = VERDICT_HELD;
		result->diagnosis = "the process runs, and has them now";
	} else if (is_of_interpreter(&result->stack)) {
		judge_of_interpreter(result, process);
	} else {
		judge_native(result, process);
	}
	if (result->verdict != VERDICT_LEAK)
		result->cure = "";
}

static void process_results(struct arena *arena, struct arena_list *list,
			    const struct process *process)
{
	size_t count = reader_count(process->reader, LEDGER_RESULTS), first = list->count;
	struct table index = { 0 }; /* by kind and line: place in `list`, plus 1 */

	for (size_t id = 1; id <= count; id++) {
		const struct ledger_result *record = reader_result(process->reader, (uint32_t)id);

		if (!record->kind || record->kind >= LEDGER_RESULT_KIND_COUNT)
			continue;
		const struct report_stack *stack = stacks_find(process->stacks, record->stack);
		void **known = table_find(arena, &index,
					  key_of(record, fingerprint_of_site(stack)));

		if (!*known) {
			result_init(arena_list_add(arena, list, sizeof(struct report_result)),
				    arena, process, record, stack);
			*known = (void *)(uintptr_t)list->count;
		}
		result_add((struct report_result *)list->items + (uintptr_t)*known - 1, process,
			   record);
	}
	for (size_t i = first; i < list->count; i++)
		result_judge((struct report_result *)list->items + i, process);
}

static int results_by_verdict(const void *left, const void *right)
{
	const struct report_result *one = left, *other = right;

	if (one->verdict != other->verdict)
		return (int)one->verdict - (int)other->verdict;
	if (one->open != other->open)
		return one->open > other->open ? -1 : 1;
	if (one->made != other->made)
		return one->made > other->made ? -1 : 1;
	if (one->pid != other->pid)
		return one->pid < other->pid ? -1 : 1;
	return strcmp(one->fingerprint, other->fingerprint);
}

static void result_count(struct report *report, struct report_result *result,
			 const struct analysis_input *input)
{
	if (result->verdict == VERDICT_OK)
		return;
	result->is_suppressed = suppressions_match(input->suppressions, &result->stack);
	if (result->is_suppressed) {
		report->suppressed++;
		return;
	}
	report->result_verdicts[result->verdict]++;
	if (input->fail_on & 1u << result->verdict)
		report->is_failing = true;
}

void results_fill(struct report *report, struct process *processes, size_t count,
		  const struct analysis_input *input, struct arena *arena)
{
	struct arena_list list = { 0 };

	for (size_t i = 0; i < count; i++)
		process_results(arena, &list, &processes[i]);
	for (size_t i = 0; i < list.count; i++)
		result_count(report, (struct report_result *)list.items + i, input);
	if (list.count)
		qsort(list.items, list.count, sizeof(struct report_result), results_by_verdict);
	report->results = list.items;
	report->result_count = list.count;
}
