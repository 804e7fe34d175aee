#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/place.h"
#include "cli/arguments.h"
#include "cli/command.h"
#include "cli/delivery.h"
#include "cli/inheritance.h"
#include "cli/ledgers.h"
#include "cli/marks.h"
#include "cli/preload.h"
#include "cli/process_tree.h"
#include "cli/say.h"

struct run {
	struct options options;
	char **program;
	char shim[PATH_MAX];
	char directory[PATH_MAX]; /* this run's own; "" when none could be made */
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

/* Makes it in `place`. Returns 0 or -Exxx. */
static int directory_make_in(struct run *run, const char *place)
{
	char directory[PATH_MAX];

	if (!realpath(place, directory))
		return -errno;
	if (strlen(directory) + sizeof("/run-XXXXXX") > PATH_MAX)
		return -ENAMETOOLONG;
	strcat(directory, "/run-XXXXXX");
	if (!mkdtemp(directory))
		return -errno;
	strcpy(run->directory, directory);
	return 0;
}

/* In PQLEAK_DIR. False when that was not given, or, said in a line, is of no use. */
static bool directory_make_given(struct run *run)
{
	const char *given = run->options.dir;
	char place[PATH_MAX];
	int error;

	if (!*given)
		return false;
	error = place_open(given, place);
	if (error) {
		say("cannot use PQLEAK_DIR='%s': %s; another place serves", given,
		    error == -EPERM ? "others may write to it" : strerror(-error));
		return false;
	}
	error = directory_make_in(run, place);
	if (error)
		say("cannot make a directory in PQLEAK_DIR='%s': %s; another place serves", given,
		    strerror(-error));
	return !error;
}

/* Makes a directory of this run's own, so that its report is of its tree alone.
 * Without one each process still reports for itself. */
static void directory_make(struct run *run)
{
	char place[PATH_MAX] = "XDG_RUNTIME_DIR, /dev/shm or /tmp";
	int error;

	if (directory_make_given(run))
		return;
	error = place_open("", place);
	if (!error)
		error = directory_make_in(run, place);
	if (error)
		say("cannot make a directory for ledgers in %s: %s; each process reports for "
		    "itself", place, strerror(-error));
}

static int child_prepare(void *context)
{
	const struct run *run = context;

	if (*run->directory &&
	    (setenv("PQLEAK_DIR", run->directory, 1) || setenv("PQLEAK_COLLECT", "1", 1)))
		return -ENOMEM;
	return preload_set(run->shim, inheritance_preload());
}

/* PQLEAK=0: the program as it is. */
static int untouched_prepare(void *context)
{
	const char *before = inheritance_preload();

	(void)context;
	return *before && setenv("LD_PRELOAD", before, 1) ? -ENOMEM : 0;
}

static int say_not_started(const char *program, int error)
{
	if (error < 0) {
		say("cannot start a process: %s", strerror(-error));
		return STATUS_NOT_STARTED;
	}
	say("cannot run '%s': %s", program, strerror(error));
	return error == ENOENT ? STATUS_NOT_FOUND : STATUS_CANNOT_EXECUTE;
}

/* Removes what is not needed any more: a process that still runs writes on, and one
 * that has not connected yet finds its place. */
static void directory_clean(const struct run *run, const struct ledgers *ledgers, bool is_over)
{
	size_t running = 0;

	if (run->options.is_kept) {
		say("the ledgers are kept in '%s'; pqleak report '%s' reads them again",
		    run->directory, run->directory);
		return;
	}
	for (size_t i = 0; i < ledgers->count; i++) {
		if (reader_is_alive(ledgers->readers[i]))
			running++;
		else
			unlink(reader_path(ledgers->readers[i]));
	}
	if (running)
		say("%zu process%s still run%s; pqleak report '%s' tells more later", running,
		    running == 1 ? "" : "es", running == 1 ? "s" : "", run->directory);
	else if (!is_over)
		say("processes that '%s' started still run, without a ledger so far; "
		    "pqleak report '%s' tells more later", run->program[0], run->directory);
	else if (rmdir(run->directory))
		say("files are left in '%s': %s", run->directory, strerror(errno));
}

static struct delivery delivery_of(const struct run *run, const struct process_tree *tree)
{
	return (struct delivery){
		.options = &run->options,
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
	struct marks marks = marks_take(run->directory, run->options.is_kept);
	struct ledgers ledgers = { 0 };
	struct ledgers_filter all = { 0 };
	char otherwise[PATH_MAX + 256];
	bool is_json = run->options.format == FORMAT_JSON;
	int error = ledgers_add_directory(&ledgers, run->directory, &all);
	int status = delivery->program_status;

	otherwise_format(run, otherwise, sizeof(otherwise));
	if (error)
		say("cannot read '%s': %s", run->directory, strerror(-error));
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
	directory_clean(run, &ledgers, is_over);
	ledgers_finish(&ledgers);
	return status;
}

/* Waits for the tree, and reports on it. Returns the exit status. */
static int tree_follow(const struct run *run, struct process_tree *tree)
{
	struct delivery delivery = delivery_of(run, tree);
	bool is_over;

	if (!*run->directory)
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
	int error = is_on ? preload_find(run->shim) : 0, status;

	if (error) {
		say("cannot preload libpqleak.so: %s", error == -EINVAL
		    ? "its path has a blank or a colon" : "it is not where pqleak was installed");
		return STATUS_NOT_STARTED;
	}
	if (is_on)
		directory_make(run);
	error = process_tree_start(&tree, run->program, is_on ? child_prepare : untouched_prepare,
				   run);
	if (error) {
		if (*run->directory)
			rmdir(run->directory);
		return say_not_started(run->program[0], error);
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
