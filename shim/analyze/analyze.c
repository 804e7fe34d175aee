#include "analyze/analyze.h"

#include <stdlib.h>
#include <string.h>

#include "analyze/arena.h"
#include "analyze/diagnosis.h"
#include "analyze/misuse.h"
#include "analyze/process.h"
#include "analyze/sites.h"
#include "analyze/suppressions.h"
#include "analyze/verdicts.h"

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

static void judge(struct report *report, struct site *site, const struct analysis_input *input,
		  struct arena *arena)
{
	struct report_site *row = &site->report;

	row->verdict = verdict_of_site(site);
	diagnosis_add(arena, site);
	row->is_suppressed = row->verdict != VERDICT_OK &&
			     suppressions_match(input->suppressions, &row->opened_stack);
	if (row->is_suppressed) {
		report->suppressed++;
		return;
	}
	report->verdict_count[row->verdict]++;
	report->verdict_connections[row->verdict] += verdict_connections(site, row->verdict);
	if (input->fail_on & (1u << row->verdict))
		report->is_failing = true;
}

static void sites_copy(struct report *report, const struct sites *sites, struct arena *arena)
{
	struct report_site *rows = arena_array(arena, sites->list.count, sizeof(*rows));
	struct site **list = sites->list.items;

	for (size_t i = 0; i < sites->list.count; i++)
		rows[i] = list[i]->report;
	if (sites->list.count)
		qsort(rows, sites->list.count, sizeof(*rows), sites_by_verdict);
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

static void report_fill(struct report *report, const struct analysis_input *input,
			struct arena *arena)
{
	struct process *processes = arena_array(arena, input->reader_count, sizeof(*processes));
	struct sites sites = { .arena = arena };
	struct arena_list misuse = { 0 };

	for (size_t i = 0; i < input->reader_count; i++) {
		process_init(&processes[i], arena, input->readers[i], input);
		sites_add(&sites, &processes[i]);
		misuse_add(arena, &misuse, &processes[i], input->suppressions,
			   &report->suppressed);
	}
	sites_finish(&sites);
	for (size_t i = 0; i < sites.list.count; i++)
		judge(report, ((struct site **)sites.list.items)[i], input, arena);

	report->misuse = misuse.items;
	report->misuse_count = misuse.count;
	report->verdict_count[VERDICT_MISUSE] = misuse.count;
	report->verdict_connections[VERDICT_MISUSE] = misuse.count;
	if (misuse.count && input->fail_on & (1u << VERDICT_MISUSE))
		report->is_failing = true;
	sites_copy(report, &sites, arena);
	processes_copy(report, processes, input->reader_count, arena);
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
	if (report)
		arena_free(((struct owned_report *)report)->arena);
}
