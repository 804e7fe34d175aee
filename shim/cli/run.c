#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "cli/arguments.h"
#include "cli/command.h"
#include "cli/delivery.h"
#include "cli/inheritance.h"
#include "cli/ledgers.h"
#include "cli/marks.h"
#include "cli/process_tree.h"
#include "cli/say.h"
#include "cli/workplace.h"

struct run {
	struct options options;
	struct workplace workplace;
	char **program;
};

static error_t parse(int key, char *value, struct argp_state *state)
{
	struct run *run = state->input;

	(void)value;
	switch (key) {
	case ARGP_KEY_ARGS:
		run->program = state->argv + state->next;
		return 0;
	case ARGP_KEY_END:
		if (!run->program) {
			say("run needs a program: pqleak run [OPTION...] -- PROGRAM [ARGUMENT...]");
			exit(STATUS_USAGE);
		}
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

/* PQLEAK=0: the program as it is. */
static int untouched_prepare(void *context)
{
	const char *before = inheritance_preload();

	(void)context;
	return *before && setenv("LD_PRELOAD", before, 1) ? -ENOMEM : 0;
}

static struct delivery delivery_of(const struct run *run, const struct process_tree *tree)
{
	return (struct delivery){
		.options = &run->options,
		.reason = REASON_EXIT,
		.pid = tree->pid,
		.program = run->program[0],
		.at_ns = clock_realtime_ns(),
		.failing_status = run->options.exit_code ? (int)run->options.exit_code
							 : STATUS_FAILING,
	};
}

/* Silence would look like a clean bill. */
static void otherwise_format(const struct run *run, char *ret_line, size_t size)
{
	bool is_limited = *run->options.only || *run->options.skip;

	snprintf(ret_line, size, "no process of '%s' left a ledger: none opened a connection "
		 "through libpq, or one that did %s", run->program[0], is_limited
		 ? "is left out by --only or --skip"
		 : "could not write it, or was not seen (LD_PRELOAD cleared, set-user-id, "
		   "libpq linked statically)");
}

static int report_tree(const struct run *run, struct delivery *delivery, bool is_over)
{
	struct marks marks = marks_take(run->workplace.directory, run->options.is_kept);
	struct ledgers ledgers = { 0 };
	struct ledgers_filter all = { 0 };
	char otherwise[PATH_MAX + 256];
	bool is_json = run->options.format == FORMAT_JSON;
	int error = ledgers_add_directory(&ledgers, run->workplace.directory, &all);
	int status = delivery->program_status;

	otherwise_format(run, otherwise, sizeof(otherwise));
	if (error)
		say("cannot read '%s': %s", run->workplace.directory, strerror(-error));
	delivery->ledgers = &ledgers;
	delivery->otherwise = otherwise;
	delivery->has_failed = marks.failed > 0;
	/* Processes that reported by themselves have said all; "none" is not true where some
	 * still run, or where a ledger was refused, but JSON is always one object. */
	if (ledgers.count || (!marks.count && (is_json || (is_over && !ledgers.refused))))
		status = delivery_make(delivery);
	else if (status == STATUS_OK && marks.failed)
		status = delivery->failing_status;
	if (status == STATUS_OK && (error || ledgers.refused))
		status = STATUS_TROUBLE;
	workplace_clean(&run->workplace, run->program[0], &ledgers, is_over);
	ledgers_finish(&ledgers);
	return status;
}

/* Waits for the tree, and reports on it. Returns the exit status. */
static int tree_follow(const struct run *run, struct process_tree *tree)
{
	struct delivery delivery = delivery_of(run, tree);
	bool is_over;

	if (!*run->workplace.directory)
		return process_tree_wait(tree);
	delivery_begin(&delivery);
	delivery.program_status = process_tree_wait(tree);
	is_over = process_tree_settle(tree);
	delivery.fates = tree->fates;
	delivery.fate_count = tree->fate_count;
	return report_tree(run, &delivery, is_over);
}

static int run_program(struct run *run)
{
	bool is_on = run->options.is_enabled;
	struct process_tree tree;
	int status = is_on ? workplace_init(&run->workplace, &run->options) : 0, error;

	if (status)
		return status;
	error = process_tree_start(&tree, run->program, is_on ? workplace_enter : untouched_prepare,
				   &run->workplace);
	if (error) {
		if (is_on)
			workplace_abandon(&run->workplace);
		return process_tree_say_error(run->program[0], error);
	}
	status = tree_follow(run, &tree);
	process_tree_finish(&tree);
	return status;
}

int command_run(int argc, char **argv)
{
	const struct argp_child children[] = { { &arguments_options, 0, NULL, 0 }, { 0 } };
	const struct argp argp = {
		.parser = parse,
		.args_doc = "[--] PROGRAM [ARGUMENT...]",
		.doc = "Runs a program, and reports on its whole process tree when it ends.\v"
		       "The options are also read from the environment: --fail-on is "
		       "PQLEAK_FAIL_ON. pqleak(1) tells more.",
		.children = children,
	};
	struct run *run = calloc(1, sizeof(*run));
	int status;

	if (!run)
		return STATUS_NOT_STARTED;
	if (argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, run))
		return STATUS_USAGE;
	arguments_read_environment(&run->options, true);
	status = run_program(run);
	free(run);
	return status;
}
