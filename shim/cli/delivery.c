#include "cli/delivery.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "analyze/suppressions.h"
#include "base/log_path.h"
#include "cli/command.h"
#include "cli/say.h"
#include "render/renderer.h"

/* A JSON log of `pqleak run` is one object; what is reported before the end stands beside it. */
#define EARLY_SUFFIX ".early"

enum { WIDTH_LEAST = 40 }; /* columns; where a terminal claims less, lines are not broken */

static int write_all(int fd, const char *bytes, size_t size)
{
	while (size) {
		ssize_t written = write(fd, bytes, size);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return -errno;
		bytes += written;
		size -= (size_t)written;
	}
	return 0;
}

/* Is it made for a process under `pqleak run`, whose report comes at the end? */
static bool is_early(const struct delivery *delivery)
{
	return delivery->options->format == FORMAT_JSON && delivery->reason != REASON_REQUEST &&
	       delivery->reason != REASON_EXIT && getenv("PQLEAK_COLLECT");
}

/* A pipe or a device has no file beside it. */
static int early_path(char *path)
{
	struct stat status;

	if (!stat(path, &status) && !S_ISREG(status.st_mode))
		return 0;
	if (strlen(path) + sizeof(EARLY_SUFFIX) > PATH_MAX)
		return -ENAMETOOLONG;
	strcat(path, EARLY_SUFFIX);
	return 0;
}

static int log_path(const struct delivery *delivery, char *ret_path)
{
	struct log_path values = { delivery->pid, delivery->program, delivery->at_ns };
	int error = log_path_format(delivery->options->log, &values, ret_path);

	return error || !is_early(delivery) ? error : early_path(ret_path);
}

static bool has_log(const struct delivery *delivery)
{
	return !delivery->is_to_stdout && strcmp(delivery->options->log, "stderr");
}

static void empty(const char *path)
{
	struct stat status;
	int fd;

	/* Whether it can be written to is told when there is something to write. */
	fd = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return;
	if (!fstat(fd, &status) && S_ISREG(status.st_mode) && ftruncate(fd, 0))
		say("cannot empty '%s': %s", path, strerror(errno));
	close(fd);
}

void delivery_begin(const struct delivery *delivery)
{
	char path[PATH_MAX];

	if (!has_log(delivery) || log_path(delivery, path))
		return;
	empty(path);
	if (delivery->options->format == FORMAT_JSON && !early_path(path))
		empty(path);
}

static bool log_has_content(const struct delivery *delivery)
{
	char path[PATH_MAX];
	struct stat status;

	return has_log(delivery) && !log_path(delivery, path) && !stat(path, &status) &&
	       S_ISREG(status.st_mode) && status.st_size > 0;
}

/* Returns a descriptor, or -1 having said why. */
static int log_open(const struct delivery *delivery)
{
	char path[PATH_MAX];
	int error = log_path(delivery, path), fd;

	if (error) {
		say("cannot write to PQLEAK_LOG='%s': %s; the report goes to standard error",
		    delivery->options->log, error == -EINVAL
		    ? "only %p, %e, %h, %t and %% are known" : strerror(-error));
		return -1;
	}
	fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0600);
	if (fd < 0)
		say("cannot write '%s': %s; the report goes to standard error", path,
		    strerror(errno));
	return fd;
}

int delivery_write(const struct delivery *delivery, const char *bytes, size_t size)
{
	int fd = delivery->is_to_stdout ? STDOUT_FILENO : STDERR_FILENO;
	int error, log = size && has_log(delivery) ? log_open(delivery) : -1;

	error = write_all(log >= 0 ? log : fd, bytes, size);
	if (error && log >= 0) {
		say("cannot write to '%s': %s; the report goes to standard error",
		    delivery->options->log, strerror(-error));
		error = write_all(fd, bytes, size);
	}
	if (log >= 0 && close(log) && !error)
		error = -errno;
	if (error)
		say("cannot write the report: %s", strerror(-error));
	return error;
}

static bool has_color(const struct delivery *delivery)
{
	const char *terminal = getenv("TERM"), *none = getenv("NO_COLOR");
	int fd = delivery->is_to_stdout ? STDOUT_FILENO : STDERR_FILENO;

	if (has_log(delivery) || (none && *none))
		return false;
	return isatty(fd) && terminal && strcmp(terminal, "dumb");
}

/* Of the terminal that the report goes to; 0 where it goes elsewhere. */
static size_t width_of(const struct delivery *delivery)
{
	int fd = delivery->is_to_stdout ? STDOUT_FILENO : STDERR_FILENO;
	struct winsize size;

	if (has_log(delivery) || !isatty(fd) || ioctl(fd, TIOCGWINSZ, &size))
		return 0;
	return size.ws_col < WIDTH_LEAST ? 0 : size.ws_col;
}

static int report_deliver(const struct delivery *delivery, const struct report *report)
{
	const char *format = delivery->options->format == FORMAT_JSON ? "json" : "text";
	bool is_empty = delivery->otherwise && report->process_count == 0;
	struct render_options options = { .is_verbose = delivery->options->is_verbose,
					  .has_color = has_color(delivery),
					  .width = width_of(delivery) };
	char *bytes = NULL;
	size_t size = 0;
	FILE *out;
	int error = -ENOMEM;

	/* A second object would not be JSON, nor the line true of what is there. */
	if (is_empty && log_has_content(delivery))
		return 0;
	out = open_memstream(&bytes, &size);
	if (out) {
		error = 0;
		if (is_empty && delivery->options->format == FORMAT_TEXT)
			fprintf(out, "pqleak: %s\n", delivery->otherwise);
		else
			error = renderer_find(format)->render(out, report, &options);
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

static int status_of(const struct delivery *delivery, const struct report *report)
{
	if (delivery->program_status)
		return delivery->program_status;
	return report->is_failing || delivery->has_failed ? delivery->failing_status : STATUS_OK;
}

static struct suppressions *suppressions_of(const struct options *options)
{
	char problem[OPTION_PROBLEM_MAX] = "";
	struct suppressions *suppressions;

	if (!*options->suppressions)
		return NULL;
	suppressions = suppressions_read(options->suppressions, problem, sizeof(problem));
	if (*problem)
		say("%s; no suppression is used", problem);
	return suppressions;
}

int delivery_make(const struct delivery *delivery)
{
	struct symbolizer_options names = { .use_debuginfod = false };
	struct symbolizer *symbolizer = symbolizer_new(&names);
	struct suppressions *suppressions = suppressions_of(delivery->options);
	struct analysis_input input = {
		.readers = delivery->ledgers->readers,
		.reader_count = delivery->ledgers->count,
		.witness_count = delivery->ledgers->witness_count,
		.fates = delivery->fates,
		.fate_count = delivery->fate_count,
		.symbolizer = symbolizer,
		/* Nobody sees them, and no pattern may be for their file. */
		.is_brief = delivery->options->format == FORMAT_TEXT &&
			    !delivery->options->is_verbose && !suppressions,
		.suppressions = suppressions,
		.fail_on = delivery->options->fail_on,
		.reason = delivery->reason,
		.reason_detail = delivery->reason_detail,
		.max_open = delivery->options->max_open,
		.max_age_ns = delivery->options->max_age_ns,
		.max_transaction_ns = delivery->options->max_transaction_ns,
		.after_all = delivery->after_all,
		.after_all_count = delivery->after_all_count,
	};
	struct report *report = symbolizer ? analyze(&input) : NULL;
	int error = -ENOMEM, status = delivery->program_status;

	if (report) {
		report->is_verbose = delivery->options->is_verbose;
		report->exit_status = status = status_of(delivery, report);
		error = report_deliver(delivery, report);
		report_free(report);
	} else {
		say("cannot make the report: %s", strerror(ENOMEM));
	}
	suppressions_free(suppressions);
	symbolizer_free(symbolizer);
	/* The shim, which asks as its process ends, makes a plain report then. */
	return error && (!status || delivery->is_for_shim) ? STATUS_TROUBLE : status;
}
