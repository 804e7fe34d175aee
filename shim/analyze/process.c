#include "analyze/process.h"

#include <string.h>

#include "base/clock.h"

static const struct process_fate *fate_find(const struct reader *reader,
					    const struct analysis_input *input)
{
	for (size_t i = 0; i < input->fate_count; i++)
		if (input->fates[i].pid == reader_header(reader)->pid)
			return &input->fates[i];
	return NULL;
}

/* What the shim saw, else whether it is there, else what the caller knows. */
static const char *end_name(const struct reader *reader, const struct analysis_input *input)
{
	const struct ledger_header *header = reader_header(reader);
	const struct process_fate *fate;

	switch (header->ended) {
	case LEDGER_PROCESS_EXIT:
	case LEDGER_PROCESS_QUICK_EXIT:
		return "exit";
	case LEDGER_PROCESS_UNDERSCORE_EXIT:
		return "_exit";
	case LEDGER_PROCESS_EXEC:
		return "exec";
	default:
		break;
	}
	/* It ran when the copy was made that the report is of. */
	if (reason_is_live(input->reason) || reader_is_alive(reader))
		return "running";
	fate = fate_find(reader, input);
	return fate ? fate->ended : "killed";
}

static void latest(uint64_t *time, uint64_t candidate)
{
	if (candidate > *time)
		*time = candidate;
}

/* 0 unknown: a killed process left no time of its end, and only who waited for it has one. */
static uint64_t known_end_ns(const struct reader *reader, const struct analysis_input *input)
{
	const struct process_fate *fate = fate_find(reader, input);

	if (reader_header(reader)->ended_at_ns)
		return reader_header(reader)->ended_at_ns;
	return fate ? fate->at_ns : 0;
}

static uint64_t last_known_ns(const struct reader *reader)
{
	uint64_t time = reader_header(reader)->started_at_ns;
	size_t sites = reader_count(reader, LEDGER_SITES);
	size_t connections = reader_count(reader, LEDGER_CONNECTIONS);

	for (size_t id = 1; id <= sites; id++)
		latest(&time, reader_site(reader, (uint32_t)id)->last_opened_at_ns);
	for (size_t id = 1; id <= connections; id++) {
		const struct ledger_connection *connection =
			reader_connection(reader, (uint32_t)id);

		latest(&time, connection->connected_at_ns);
		latest(&time, connection->last_use_at_ns);
		latest(&time, connection->ended_at_ns);
	}
	return time;
}

static void process_add_libpqs(struct process *process, struct arena *arena)
{
	size_t modules = reader_count(process->reader, LEDGER_MODULES);
	struct arena_list list = { 0 };

	for (size_t id = 1; id <= modules; id++) {
		const struct ledger_module *module = reader_module(process->reader, (uint32_t)id);
		struct report_libpq *libpq;

		if (!(module->flags & LEDGER_MODULE_LIBPQ))
			continue;
		libpq = arena_list_add(arena, &list, sizeof(*libpq));
		libpq->path = arena_copy(arena, reader_string(process->reader, module->path));
		libpq->version = module->libpq_version;
		libpq->loaded_count = loaded_words(module->flags, libpq->loaded);
	}
	process->report.libpq = list.items;
	process->report.libpq_count = list.count;
}

void process_init(struct process *process, struct arena *arena, const struct reader *reader,
		  const struct analysis_input *input)
{
	const struct ledger_header *header = reader_header(reader);
	const char *ended = end_name(reader, input);
	uint64_t ended_at_ns = 0;

	*process = (struct process){
		.reader = reader,
		.header = header,
		.input = input,
		.stacks = stacks_new(arena, reader, input->symbolizer, input->is_brief),
		.is_running = strcmp(ended, "running") == 0,
		.report = {
			.pid = header->pid,
			.parent_pid = header->parent_pid,
			.command = arena_copy(arena, reader_string(reader, header->command)),
			.ended = arena_copy(arena, ended),
			.opened = header->opened,
			.failed = header->failed,
			.peak_open = header->peak_open,
			.torn_records = header->torn_records,
		},
	};
	if (!process->is_running)
		ended_at_ns = known_end_ns(reader, input);
	if (process->is_running)
		process->end_ns = clock_monotonic_ns();
	else
		process->end_ns = ended_at_ns ? ended_at_ns : last_known_ns(reader);
	for (int kind = 0; kind < LEDGER_SECTION_COUNT; kind++) {
		size_t count = reader_count(reader, (enum ledger_section_kind)kind);

		process->report.lost_records += header->section[kind].lost;
		for (size_t id = 1; id <= count; id++)
			process->report.torn_records += reader_is_torn(
				reader, (enum ledger_section_kind)kind, (uint32_t)id);
	}
	process->report.started_at_ns = process_realtime(process, header->started_at_ns);
	process->report.ended_at_ns = process_realtime(process, ended_at_ns);
	process_add_libpqs(process, arena);
}

bool process_is_interpreter_known(const struct process *process)
{
	unsigned interpreters = stacks_interpreters(process->stacks) & ~(1u << LEDGER_NATIVE);

	return !(process->header->unread_languages & interpreters);
}

void process_add_native_only(struct process *process, struct arena *arena)
{
	unsigned set = process->header->unread_languages & stacks_interpreters(process->stacks) &
		       ~stacks_languages(process->stacks);
	struct arena_list list = { 0 };

	for (unsigned language = LEDGER_NATIVE + 1; language < LEDGER_LANGUAGE_COUNT; language++)
		if (set & 1u << language)
			*(enum ledger_language *)arena_list_add(
				arena, &list, sizeof(enum ledger_language)) =
				(enum ledger_language)language;
	process->report.native_only = list.items;
	process->report.native_only_count = list.count;
}

uint64_t process_realtime(const struct process *process, uint64_t monotonic_ns)
{
	if (!monotonic_ns)
		return 0;
	return process->header->started_at_realtime_ns +
	       (monotonic_ns - process->header->started_at_ns);
}

void process_count(struct process *process, enum ending ending, uint64_t count)
{
	uint64_t *const counters[ENDING_COUNT] = {
		[ENDING_CLOSED] = &process->report.closed,
		[ENDING_CHILD_FINISH] = &process->report.closed,
		[ENDING_COLLECTED] = &process->report.collected,
		[ENDING_SHUTDOWN] = &process->report.shutdown,
		[ENDING_OPEN] = &process->report.open,
		[ENDING_ABANDONED] = &process->report.abandoned,
		[ENDING_CLOSED_UNSEEN] = &process->report.closed_unseen,
	};

	if (counters[ending])
		*counters[ending] += count;
}
