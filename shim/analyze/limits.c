#include "analyze/limits.h"

#include "analyze/endings.h"
#include "analyze/user_line.h"

#define JUST_NS UINT64_C(1000000000)

static bool is_beyond(uint64_t since_ns, uint64_t limit_ns, uint64_t now_ns)
{
	return limit_ns && since_ns && now_ns > since_ns && now_ns - since_ns > limit_ns;
}

bool limits_judge(struct site *site, struct process *process,
		  const struct ledger_connection *record)
{
	const struct analysis_input *input = process->input;

	if (is_beyond(record->opened_at_ns, input->max_age_ns, process->end_ns))
		site->report.overdue_age++;
	if (!ending_in_transaction(record->transaction, record->begun_stack) ||
	    !is_beyond(record->begun_at_ns, input->max_transaction_ns, process->end_ns))
		return false;
	site->report.overdue_transaction++;
	site->stuck++;
	site->not_closed++;
	if (!site->begun)
		site->begun = stacks_find(process->stacks, record->begun_stack);
	return true;
}

static bool is_failed(const struct ledger_connection *record)
{
	return record->state == LEDGER_FAILED && !(record->evidence & LEDGER_INHERITED);
}

static const struct ledger_connection *newest_failed(const struct reader *reader)
{
	size_t count = reader_count(reader, LEDGER_CONNECTIONS);
	const struct ledger_connection *newest = NULL;

	for (size_t id = 1; id <= count; id++) {
		const struct ledger_connection *record = reader_connection(reader, (uint32_t)id);

		if (is_failed(record) && (!newest || record->serial > newest->serial))
			newest = record;
	}
	return newest;
}

static bool is_just_failed(const struct process *process, const struct ledger_connection *record)
{
	if (!process->is_running || !reason_is_live(process->input->reason) || !is_failed(record))
		return false;
	return process->end_ns - record->opened_at_ns < JUST_NS ||
	       (process->input->reason == REASON_EXHAUSTION &&
		record == newest_failed(process->reader));
}

bool limits_forget_just_failed(struct site_share *share, const struct ledger_connection *record)
{
	if (!is_just_failed(share->process, record))
		return false;
	share->opened -= share->opened > 0;
	share->failed -= share->failed > 0;
	share->open -= share->open > 0;
	return true;
}

static struct report_frame line_of(const struct report_stack *stack)
{
	const struct report_frame *line = user_line_find(stack);

	return line ? *line : (struct report_frame){ .language = "", .function = "", .file = "",
						     .module = "", .build_id = "",
						     .library = "" };
}

static struct report_after_all *row_add(struct arena *arena, struct arena_list *list)
{
	return arena_list_add(arena, list, sizeof(struct report_after_all));
}

static void add_given(struct arena_list *list, const struct analysis_input *input,
		      const struct process *process, struct arena *arena)
{
	for (size_t i = 0; i < input->after_all_count; i++) {
		const struct after_all *given = &input->after_all[i];

		*row_add(arena, list) = (struct report_after_all){
			.is_transaction = given->is_transaction,
			.count = 1,
			.pid = process->report.pid,
			.backend_pid = given->backend_pid,
			.lasted_ns = given->lasted_ns,
			.line = line_of(stacks_find(process->stacks, given->stack)),
		};
	}
}

static bool is_over(const struct report_connection *connection)
{
	return connection->reported_at_ns && connection->ended_at_ns &&
	       connection->ending == ENDING_CLOSED;
}

/* What the program itself closed, and whose story the ledger still has. */
static void add_closed(struct arena_list *list, const struct site *site, struct arena *arena)
{
	const struct site_connection *connections = site->connections.items;
	struct report_after_all *row = NULL;

	for (size_t i = 0; i < site->connections.count; i++) {
		const struct report_connection *connection = &connections[i].report;

		if (!is_over(connection))
			continue;
		if (row && row->pid == connection->pid) {
			row->backend_pid = 0;
			row->lasted_ns = 0;
			row->count++;
			continue;
		}
		row = row_add(arena, list);
		*row = (struct report_after_all){
			.count = 1,
			.pid = connection->pid,
			.backend_pid = connection->backend_pid,
			.lasted_ns = connection->age_ns,
			.line = line_of(&site->report.opened_stack),
		};
	}
}

static void sites_sum(struct report *report, struct arena_list *list, const struct sites *sites,
		      struct arena *arena)
{
	struct site **rows = sites->list.items;

	for (size_t i = 0; i < sites->list.count; i++) {
		report->open_now += rows[i]->report.open_now;
		report->overdue_age += rows[i]->report.overdue_age;
		report->overdue_transaction += rows[i]->report.overdue_transaction;
		if (!reason_is_live(report->reason))
			add_closed(list, rows[i], arena);
	}
}

void limits_finish(struct report *report, const struct analysis_input *input,
		   const struct process *processes, const struct sites *sites,
		   struct arena *arena)
{
	struct arena_list list = { 0 };

	report->reason = input->reason;
	report->reason_detail = input->reason_detail ? input->reason_detail : "";
	report->max_open = input->max_open;
	report->max_age_ns = input->max_age_ns;
	report->max_transaction_ns = input->max_transaction_ns;
	if (input->reader_count)
		add_given(&list, input, &processes[0], arena);
	sites_sum(report, &list, sites, arena);
	report->after_all = list.items;
	report->after_all_count = list.count;
	if (input->reason == REASON_EXHAUSTION && input->reader_count) {
		const struct ledger_connection *refused = newest_failed(input->readers[0]);

		if (refused)
			report->refused = *stacks_find(processes[0].stacks,
						       refused->opened_stack);
	}
}

static int descending(uint64_t one, uint64_t other)
{
	return (one < other) - (one > other);
}

int limits_compare_holders(const struct report_site *one, const struct report_site *other)
{
	int order = descending(one->overdue_age + one->overdue_transaction,
			       other->overdue_age + other->overdue_transaction);

	if (!order)
		order = descending(one->open_now, other->open_now);
	if (!order && one->open_now)
		order = descending(one->last_opened_at_ns, other->last_opened_at_ns);
	return order;
}
