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

/* Makes a directory of this run's own, so that its report is of its tree alone.
 * Without one each process still reports for itself. */
static void directory_make(struct run *run)
{
	char place[PATH_MAX], directory[PATH_MAX];
	int error = place_open(run->options.dir, place);

	if (error && *run->options.dir) {
		say("cannot use PQLEAK_DIR='%s': %s; another place serves", run->options.dir,
		    error == -EPERM ? "others may write to it" : strerror(-error));
		error = place_open("", place);
	}
	if (!error && (!realpath(place, directory) ||
		       strlen(directory) + sizeof("/run-XXXXXX") > PATH_MAX))
		error = -ENAMETOOLONG;
	if (!error) {
		strcat(directory, "/run-XXXXXX");
		error = mkdtemp(directory) ? 0 : -errno;
	}
	if (error)
		say("no directory for ledgers: %s; each process reports for itself",
		    strerror(-error));
	else
		strcpy(run->directory, directory);
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

/* Removes what is not needed any more: a process that still runs writes on. */
static void directory_clean(const struct run *run, const struct ledgers *ledgers)
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

static int report_tree(const struct run *run, struct delivery *delivery)
{
	struct ledgers ledgers = { 0 };
	struct ledgers_filter all = { 0 };
	char otherwise[PATH_MAX + 128];
	int error = ledgers_add_directory(&ledgers, run->directory, &all);
	int status;

	/* Silence would look like a clean bill. */
	snprintf(otherwise, sizeof(otherwise),
		 "no process of '%s' opened a connection through libpq "
		 "(one that is setuid or has libpq linked statically is not seen)",
		 run->program[0]);
	if (error)
		say("cannot read '%s': %s", run->directory, strerror(-error));
	delivery->ledgers = &ledgers;
	delivery->otherwise = otherwise;
	status = delivery_make(delivery);
	if (status == STATUS_OK && (error || ledgers.refused))
		status = STATUS_TROUBLE;
	directory_clean(run, &ledgers);
	ledgers_finish(&ledgers);
	return status;
}

/* Waits for the tree, and reports on it. Returns the exit status. */
static int tree_follow(const struct run *run, struct process_tree *tree)
{
	struct delivery delivery = delivery_of(run, tree);

	if (!*run->directory)
		return process_tree_wait(tree);
	delivery_begin(&delivery);
	delivery.program_status = process_tree_wait(tree);
	process_tree_settle(tree, run->directory);
	delivery.fates = tree->fates;
	delivery.fate_count = tree->fate_count;
	return report_tree(run, &delivery);
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
