#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/place.h"
#include "base/text.h"
#include "cli/arguments.h"
#include "cli/command.h"
#include "cli/delivery.h"
#include "cli/ledgers.h"
#include "cli/say.h"
#include "cli/witnesses.h"

enum { KEY_PID = 2000, KEY_FINAL, KEY_REASON, KEY_REMOVE };

struct report_arguments {
	int pid; /* 0 none */
	enum reason reason;
	const char *reason_detail;
	bool is_removing;
	char **files;
	int file_count;
};

static const struct argp_option table[] = {
	{ "pid", KEY_PID, "N", 0, "the ledgers of process N", 1 },
	{ "remove", KEY_REMOVE, NULL, 0,
	  "remove the ledgers of processes that have ended, after the report", 1 },
	/* What the shim starts at exit: the process that is about to end. */
	{ "final", KEY_FINAL, NULL, OPTION_HIDDEN, NULL, 1 },
	/* And while it runs: base/reasons.def. */
	{ "reason", KEY_REASON, "WORD", OPTION_HIDDEN, NULL, 1 },
	{ 0 }
};

static error_t parse_pid(struct report_arguments *arguments, const char *value)
{
	uint64_t pid;

	if (!text_read_unsigned(value, &pid) || pid == 0 || pid > INT_MAX) {
		say("--pid='%s' is not allowed: give the number of a process", value);
		exit(STATUS_USAGE);
	}
	arguments->pid = (int)pid;
	return 0;
}

static error_t parse_reason(struct report_arguments *arguments, const char *value)
{
	if (!reason_read(value, &arguments->reason, &arguments->reason_detail)) {
		say("--reason='%s' is not known", value);
		exit(STATUS_USAGE);
	}
	return 0;
}

static error_t parse(int key, char *value, struct argp_state *state)
{
	struct report_arguments *arguments = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = NULL;
		return 0;
	case KEY_PID:
		return parse_pid(arguments, value);
	case KEY_FINAL:
		arguments->reason = REASON_EXIT;
		return 0;
	case KEY_REASON:
		return parse_reason(arguments, value);
	case KEY_REMOVE:
		arguments->is_removing = true;
		return 0;
	case ARGP_KEY_ARGS:
		arguments->files = state->argv + state->next;
		arguments->file_count = state->argc - state->next;
		return 0;
	case ARGP_KEY_END:
		if (arguments->pid && arguments->file_count) {
			say("give --pid or files, not both");
			exit(STATUS_USAGE);
		}
		if (arguments->reason && arguments->file_count != 1) {
			say("--final and --reason need one file");
			exit(STATUS_USAGE);
		}
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

/* A place, and the directories of `pqleak run` in it that run or were killed. */
static int collect_place(struct ledgers *ledgers, const char *place,
			 const struct ledgers_filter *filter)
{
	int error = ledgers_add_directory(ledgers, place, filter);
	DIR *directory = error ? NULL : opendir(place);
	const struct dirent *entry;
	char path[PATH_MAX];

	while (directory && (entry = readdir(directory))) {
		if (strncmp(entry->d_name, "run-", 4) ||
		    snprintf(path, sizeof(path), "%s/%s", place, entry->d_name) >= PATH_MAX)
			continue;
		ledgers_add_directory(ledgers, path, filter);
	}
	if (directory)
		closedir(directory);
	return error;
}

/* Whose ledgers to look for: root may ask for another user's process. */
static uid_t user_of(int pid)
{
	char path[64];
	struct stat status;

	snprintf(path, sizeof(path), "/proc/%d", pid);
	return pid && !stat(path, &status) ? status.st_uid : geteuid();
}

static void collect_places(struct ledgers *ledgers, const char *dir,
			   const struct ledgers_filter *filter)
{
	char place[PATH_MAX];
	int error;

	if (*dir) {
		error = collect_place(ledgers, dir, filter);
		if (error) {
			say("cannot read PQLEAK_DIR='%s': %s", dir, strerror(-error));
			ledgers->refused++;
		}
		return;
	}
	for (unsigned i = 0; place_candidate(i, user_of(filter->pid), place); i++) {
		error = collect_place(ledgers, place, filter);
		if (error && error != -ENOENT) {
			say("cannot read '%s': %s", place, strerror(-error));
			ledgers->refused++;
		}
	}
}

static void collect_files(struct ledgers *ledgers, char **files, int count)
{
	struct ledgers_filter all = { 0 };
	struct stat status;

	for (int i = 0; i < count; i++) {
		int error = 0;

		if (!lstat(files[i], &status) && S_ISDIR(status.st_mode))
			error = collect_place(ledgers, files[i], &all);
		else
			ledgers_add(ledgers, files[i]);
		if (error) {
			say("cannot read '%s': %s", files[i], strerror(-error));
			ledgers->refused++;
		}
	}
}

static int say_none(const struct report_arguments *arguments, const struct ledgers *ledgers)
{
	if (ledgers->refused)
		return STATUS_TROUBLE;
	if (arguments->pid) {
		say("no ledger of process %d: it has not used libpq, has ended and reported, "
		    "or runs without the shim", arguments->pid);
		return STATUS_TROUBLE;
	}
	if (arguments->file_count) {
		say("no ledgers in '%s'", arguments->files[0]);
		return STATUS_TROUBLE;
	}
	say("no ledgers: no process with the shim runs, or was killed");
	return STATUS_OK;
}

static void remove_ended(const struct ledgers *ledgers)
{
	for (size_t i = 0; i < ledgers->count; i++) {
		const char *path = reader_path(ledgers->readers[i]);

		/* "-" is standard input. */
		if (strcmp(path, "-") && !reader_is_alive(ledgers->readers[i]) && unlink(path))
			say("cannot remove '%s': %s", path, strerror(errno));
	}
}

static int report_ledgers(const struct report_arguments *arguments, const struct options *options,
			  const struct ledgers *ledgers)
{
	const struct ledger_header *first = reader_header(ledgers->readers[0]);
	const char *log = getenv("PQLEAK_LOG");
	/* The shim asked, and not a person: standard output is the program's then. */
	bool is_for_host = arguments->reason != REASON_REQUEST;
	struct delivery delivery = {
		.options = options,
		.ledgers = ledgers,
		.reason = arguments->reason,
		.reason_detail = arguments->reason_detail,
		.pid = first->pid,
		.program = reader_string(ledgers->readers[0], first->executable),
		.at_ns = clock_realtime_ns(),
		/* The shim itself acts on PQLEAK_EXITCODE. */
		.failing_status = options->exit_code && arguments->reason != REASON_EXIT
					  ? (int)options->exit_code : STATUS_FAILING,
		/* A person asked: the answer is the output, as of any command. */
		.is_for_shim = is_for_host,
		.is_to_stdout = !is_for_host && !(log && *log),
		.otherwise = NULL,
	};

	if (!is_for_host)
		delivery_begin(&delivery);
	return delivery_make(&delivery);
}

static int report_run(const struct report_arguments *arguments)
{
	struct ledgers ledgers = { 0 };
	struct options *options = calloc(1, sizeof(*options));
	struct ledgers_filter filter = { .pid = arguments->pid,
					 .is_unreported = !arguments->pid };
	int status;

	if (!options)
		return STATUS_TROUBLE;
	/* The shim has said what is wrong with the options of its process. */
	arguments_read_environment(options, arguments->reason == REASON_REQUEST);
	if (arguments->file_count)
		collect_files(&ledgers, arguments->files, arguments->file_count);
	else
		collect_places(&ledgers, options->dir, &filter);
	witnesses_call(&ledgers);
	status = ledgers.count ? report_ledgers(arguments, options, &ledgers)
			       : say_none(arguments, &ledgers);
	if (arguments->is_removing && ledgers.count && status != STATUS_TROUBLE)
		remove_ended(&ledgers);
	if (status == STATUS_OK && ledgers.refused)
		status = STATUS_TROUBLE;
	ledgers_finish(&ledgers);
	free(options);
	return status;
}

int command_report(int argc, char **argv)
{
	const struct argp_child children[] = { { &arguments_options, 0, NULL, 0 }, { 0 } };
	const struct argp argp = {
		.options = table,
		.parser = parse,
		.args_doc = "[FILE...]",
		.doc = "Reports from ledgers: those given, or the user's own, of processes that "
		       "run or were killed. A FILE may be a directory of ledgers.\v"
		       "The options are also read from the environment: --fail-on is "
		       "PQLEAK_FAIL_ON. pqleak(1) tells more.",
		.children = children,
	};
	struct report_arguments arguments = { 0 };

	if (argp_parse(&argp, argc, argv, 0, NULL, &arguments))
		return STATUS_USAGE;
	return report_run(&arguments);
}
