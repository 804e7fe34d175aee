#include "analyze/analyze.h"

#include <stdlib.h>
#include <string.h>

#include "analyze/arena.h"
#include "analyze/diagnosis.h"
#include "analyze/handovers.h"
#include "analyze/limits.h"
#include "analyze/misuse.h"
#include "analyze/pool_list.h"
#include "analyze/pools.h"
#include "analyze/process.h"
#include "analyze/results.h"
#include "analyze/sites.h"
#include "analyze/sockets.h"
#include "analyze/source.h"
#include "analyze/suppressions.h"
#include "analyze/verdicts.h"
#include "analyze/worker_pools.h"

/* The report is the first field: report_free finds the arena behind it. */
struct owned_report {
	struct report report;
	struct arena *arena;
};

static int sites_by_verdict(const void *left, const void *right)
{
	const struct report_site *one = left, *other = right;

	if (one->verdict != other->verdict)
		return (int)one->verdict - (int)other->verdict;
	if (one->count != other->count)
		return one->count > other->count ? -1 : 1;
	return strcmp(one->fingerprint, other->fingerprint);
}

static int sites_by_holding(const void *left, const void *right)
{
	int order = limits_compare_holders(left, right);

	return order ? order : sites_by_verdict(left, right);
}

static struct site *list_at(const struct sites *sites, size_t index)
{
	return ((struct site **)sites->list.items)[index];
}

static void site_judge(struct site *site)
{
	site->report.verdict = verdict_of_site(site);
	site->report.at_fault = verdict_connections(site, site->report.verdict);
}

/* What the verdict means, and whether it counts. */
static void judge(struct report *report, struct site *site, const struct analysis_input *input,
		  struct arena *arena)
{
	struct report_site *row = &site->report;

	diagnosis_add(arena, site);
	row->is_suppressed = row->verdict != VERDICT_OK &&
			     suppressions_match(input->suppressions, &row->opened_stack);
	if (row->is_suppressed) {
		report->suppressed++;
		return;
	}
	report->verdict_count[row->verdict]++;
	report->verdict_connections[row->verdict] += row->at_fault;
	if (input->fail_on & (1u << row->verdict))
		report->is_failing = true;
}

static void sites_copy(struct report *report, struct sites *sites, struct arena *arena)
{
	struct report_site *rows = arena_array(arena, sites->list.count, sizeof(*rows));
	struct site **list = sites->list.items;

	sites_hand_over(sites);
	for (size_t i = 0; i < sites->list.count; i++)
		rows[i] = list[i]->report;
	if (sites->list.count)
		qsort(rows, sites->list.count, sizeof(*rows),
		      reason_is_about_holders(report->reason) ? sites_by_holding
							      : sites_by_verdict);
	report->sites = rows;
	report->site_count = sites->list.count;
}

static void processes_copy(struct report *report, const struct process *processes, size_t count,
			   struct arena *arena)
{
	struct report_process *rows = arena_array(arena, count, sizeof(*rows));

	for (size_t i = 0; i < count; i++) {
		rows[i] = processes[i].report;
		report->damaged += reader_damaged(processes[i].reader);
	}
	report->processes = rows;
	report->process_count = count;
}

static bool is_listed(const struct arena_list *list, const char *module)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(((const struct report_nameless *)list->items)[i].module, module) == 0)
			return true;
	return false;
}

static void nameless_copy(struct report *report, const struct process *processes, size_t count,
			  struct arena *arena)
{
	struct arena_list list = { 0 };

	for (size_t i = 0; i < count; i++) {
		const struct arena_list *own = stacks_nameless(processes[i].stacks);
		const struct report_nameless *rows = own->items;

		for (size_t j = 0; j < own->count; j++)
			if (!is_listed(&list, rows[j].module))
				*(struct report_nameless *)arena_list_add(
					arena, &list, sizeof(*rows)) = rows[j];
	}
	report->nameless = list.items;
	report->nameless_count = list.count;
}

static void report_fill(struct report *report, const struct analysis_input *input,
			struct arena *arena)
{
	size_t all = input->reader_count + input->witness_count;
	struct process *processes = arena_array(arena, all, sizeof(*processes));
	struct sites sites = { .arena = arena };
	struct arena_list misuse = { 0 };

	for (size_t i = 0; i < all; i++) {
		process_init(&processes[i], arena, input->readers[i], input);
		sockets_look(arena, &processes[i]);
		processes[i].is_witness = i >= input->reader_count;
	}
	handovers_find(arena, processes, all);
	/* What is over after all is told by itself. */
	for (size_t i = 0; input->reason != REASON_AFTER_ALL && i < input->reader_count; i++) {
		sites_add(&sites, &processes[i]);
		misuse_add(arena, &misuse, &processes[i], input->suppressions,
			   &report->suppressed);
	}
	sites_finish(&sites);
	for (size_t i = 0; i < sites.list.count; i++)
		site_judge(list_at(&sites, i));
	pools_compare(&sites);
	worker_pools_compare(&sites);
	for (size_t i = 0; i < sites.list.count; i++)
		judge(report, list_at(&sites, i), input, arena);

	pool_list_make(report, &sites);
	report->misuse = misuse.items;
	report->misuse_count = misuse.count;
	report->verdict_count[VERDICT_MISUSE] = misuse.count;
	report->verdict_connections[VERDICT_MISUSE] = misuse.count;
	if (misuse.count && input->fail_on & (1u << VERDICT_MISUSE))
		report->is_failing = true;
	limits_finish(report, input, processes, &sites, arena);
	sites_copy(report, &sites, arena);
	results_fill(report, processes, input->reader_count, input, arena);
	for (size_t i = 0; i < input->reader_count; i++)
		process_add_native_only(&processes[i], arena);
	processes_copy(report, processes, input->reader_count, arena);
	nameless_copy(report, processes, input->reader_count, arena);
	for (size_t i = 0; i < all; i++)
		stacks_finish(processes[i].stacks);
}

struct report *analyze(const struct analysis_input *input)
{
	struct arena *arena = arena_new();
	struct owned_report *owned;

	if (!arena)
		return NULL;
	if (arena_begin(arena)) {
		arena_free(arena);
		return NULL;
	}
	owned = arena_alloc(arena, sizeof(*owned));
	owned->arena = arena;
	report_fill(&owned->report, input, arena);
	return &owned->report;
}

void report_free(struct report *report)
{
	source_forget();
	if (report)
		arena_free(((struct owned_report *)report)->arena);
}
