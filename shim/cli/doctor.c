#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "cli/arguments.h"
#include "cli/command.h"
#include "cli/delivery.h"
#include "cli/doctor_findings.h"
#include "cli/doctor_render.h"
#include "cli/doctor_visit.h"
#include "cli/marks.h"
#include "cli/say.h"

struct doctor {
	struct options options;
	struct workplace workplace;
	struct patients patients;
	char **program;
};

static error_t parse(int key, char *value, struct argp_state *state)
{
	struct doctor *doctor = state->input;

	(void)value;
	switch (key) {
	case ARGP_KEY_ARGS:
		doctor->program = state->argv + state->next;
		return 0;
	case ARGP_KEY_END:
		if (!doctor->program) {
			say("doctor needs a program: pqleak doctor [OPTION...] -- PROGRAM "
			    "[ARGUMENT...]");
			exit(STATUS_USAGE);
		}
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static struct delivery delivery_of(const struct doctor *doctor, pid_t pid)
{
	return (struct delivery){
		.options = &doctor->options,
		.pid = pid,
		.program = doctor->program[0],
		.at_ns = clock_realtime_ns(),
	};
}

/* In memory, then at once: several processes may write to the log. */
static int findings_deliver(const struct doctor *doctor, const struct delivery *delivery,
			    const struct findings *findings)
{
	bool is_json = doctor->options.format == FORMAT_JSON;
	char *bytes = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&bytes, &size);
	int error = -ENOMEM;

	if (out) {
		error = is_json ? doctor_render_json(out, findings)
				: doctor_render_text(out, findings);
		if (fclose(out) && !error)
			error = -ENOMEM;
	}
	if (error)
		say("cannot make the report: %s", strerror(-error));
	else
		error = delivery_write(delivery, bytes, size);
	free(bytes);
	return error;
}

static const char *unwatched_text(int error)
{
	switch (error) {
	case 0:
		return NULL;
	case -ENOSYS:
	case -EINVAL:
		return "this kernel has no seccomp user notification (Linux 5.5)";
	case -EBUSY:
		return "another program has seccomp's user notification: a container's supervisor, "
		       "or another pqleak doctor";
	default:
		return strerror(-error);
	}
}

static int status_of(const struct findings *findings)
{
	if (findings->program_status)
		return findings->program_status;
	return findings->missed ? STATUS_NOT_COVERED : STATUS_OK;
}

/* Returns the exit status. */
static int conclude(struct doctor *doctor, const struct visit *visit,
		    const struct delivery *delivery)
{
	const char *directory = doctor->workplace.directory;
	struct ledgers ledgers = { 0 };
	struct ledgers_filter all = { 0 };
	struct findings findings = { 0 };
	int error = *directory ? ledgers_add_directory(&ledgers, directory, &all) : 0, status;

	if (error)
		say("cannot read '%s': %s", directory, strerror(-error));
	status = findings_make(&findings, &doctor->patients, &ledgers, &doctor->options, directory);
	if (status)
		say("cannot make the report: %s", strerror(-status));
	error = error ? error : status;
	findings.unwatched = unwatched_text(visit->watch_error);
	findings.unread = visit->unread;
	findings.unread_pid = visit->unread_pid;
	findings.is_over = visit->is_over;
	findings.program_status = visit->status;
	findings.exit_status = status = status_of(&findings);
	if (!error)
		error = findings_deliver(doctor, delivery, &findings);
	findings_finish(&findings);
	if (*directory) {
		marks_take(directory, doctor->options.is_kept);
		workplace_clean(&doctor->workplace, doctor->program[0], &ledgers, visit->is_over);
	}
	if (status == STATUS_OK && (error || ledgers.refused))
		status = STATUS_TROUBLE;
	ledgers_finish(&ledgers);
	return status;
}

static int run_doctor(struct doctor *doctor)
{
	struct visit visit = { .workplace = &doctor->workplace, .program = doctor->program,
			       .patients = &doctor->patients };
	struct delivery delivery = delivery_of(doctor, 0);
	int status = workplace_init(&doctor->workplace, &doctor->options), error;

	if (status)
		return status;
	doctor->patients.shim = doctor->workplace.shim;
	doctor->patients.directory = doctor->workplace.directory;
	delivery_begin(&delivery);
	error = visit_make(&visit);
	if (!error)
		error = visit.start_error;
	if (error) {
		workplace_abandon(&doctor->workplace);
		status = process_tree_say_error(doctor->program[0], error);
	} else {
		delivery = delivery_of(doctor, visit.tree.pid);
		status = conclude(doctor, &visit, &delivery);
	}
	process_tree_finish(&visit.tree);
	patients_finish(&doctor->patients);
	return status;
}

int command_doctor(int argc, char **argv)
{
	const struct argp_child children[] = { { &arguments_options, 0, NULL, 0 }, { 0 } };
	const struct argp argp = {
		.parser = parse,
		.args_doc = "[--] PROGRAM [ARGUMENT...]",
		.doc = "Runs a program, and tells which of its connections to PostgreSQL pqleak "
		       "records, and which it does not, and why.\v"
		       "The options are those of 'pqleak run', and are also read from the "
		       "environment. pqleak(1) tells more.",
		.children = children,
	};
	struct doctor *doctor = calloc(1, sizeof(*doctor));
	int status;

	if (!doctor)
		return STATUS_NOT_STARTED;
	if (argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, doctor))
		return STATUS_USAGE;
	arguments_read_environment(&doctor->options, true);
	status = run_doctor(doctor);
	free(doctor);
	return status;
}
