#include "capture/delivery.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/guard.h"
#include "base/log.h"
#include "base/log_path.h"
#include "base/memory.h"
#include "base/text.h"
#include "capture/companion.h"
#include "capture/notice.h"
#include "capture/plain_report.h"
#include "capture/recorder.h"
#include "capture/sockets.h"
#include "capture/spawn.h"

#define PAUSE_NS UINT64_C(60000000000)
#define RECENTLY_NS UINT64_C(10000000000)

enum {
	COMPANION_FAILS = 23, /* its exit status when a verdict fails */
	REASON_ARGUMENT_MAX = 64
};

static struct {
	const struct options *options;
	bool is_collecting;
	pid_t ended; /* the process whose last report is made: exit() may be called in exit() */
	/* The last report on the running process: who makes it, for whom, since when. */
	pid_t reporter, host;
	uint64_t reporter_at_ns;
} delivery;

void delivery_init(const struct options *options, bool is_collecting)
{
	delivery.options = options;
	delivery.is_collecting = is_collecting;
}

static bool log_is_stderr(void)
{
	return !strcmp(delivery.options->log, "stderr");
}

/* Where the plain report goes; -1 nowhere. *ret_is_ours: to be closed. */
static int log_open(bool *ret_is_ours)
{
	char *path = log_is_stderr() ? NULL : memory_lend(PATH_MAX);
	struct log_path values = { .pid = getpid(), .program = program_invocation_short_name,
				   .at_ns = clock_realtime_ns() };

	const int flags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY;
	int fd = path && !log_path_format(delivery.options->log, &values, path) ?
			 open(path, flags, 0600) : -1;

	memory_unmap(path, PATH_MAX);
	*ret_is_ours = fd >= 0;
	if (fd < 0 && log_is_usable())
		fd = STDERR_FILENO;
	return fd;
}

/* Returns whether it is written. */
static bool report_plainly(const struct ledger *ledger)
{
	bool is_ours;
	int fd = log_open(&is_ours);
	bool is_written = fd >= 0 && plain_report_write(ledger, fd);

	if (is_ours)
		close(fd);
	return is_written;
}

/* After setuid, or when somebody deleted it, the file is out of reach, too. */
static bool ledger_is_out_of_reach(const struct ledger *ledger)
{
	return ledger->is_private || faccessat(AT_FDCWD, ledger->path, R_OK, AT_EACCESS);
}

/* Runs the companion on `copy`, or where that is -1 on the ledger, or on a copy where it cannot
 * open that. Returns its exit status, 0 or COMPANION_FAILS, or -Exxx. */
static int report_by_companion(const struct ledger *ledger, int copy, const char *reason,
			       bool is_awaited)
{
	bool is_shown = copy < 0 && ledger_is_out_of_reach(ledger);
	int input = is_shown ? ledger_copy(ledger) : copy;
	int status = is_shown && input < 0 ?
			     input : companion_report(ledger->path, input, reason, is_awaited,
						      &delivery.reporter);

	if (is_shown && input >= 0)
		close(input);
	return status <= 0 || status == COMPANION_FAILS ? status : -EIO;
}

/* `pqleak run` will read it: it is a file in the directory that run gave. */
static bool is_collected(const struct ledger *ledger)
{
	return delivery.is_collecting && !ledger->is_private && !ledger->dir_error;
}

/* Tells `pqleak run`, where its directory can be reached, that this process has reported
 * by itself, and how it went. */
static void report_mark(bool is_failing)
{
	char *path = delivery.is_collecting ? memory_map(PATH_MAX) : NULL;
	struct text name;

	if (!path)
		return;
	text_init(&name, path, PATH_MAX);
	text_format(&name, "%s/%d.%s", delivery.options->dir, getpid(),
		    is_failing ? "failed" : "reported");
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd >= 0)
		close(fd);
	memory_unmap(path, PATH_MAX);
}

/* Two reports of one process stand in their order. */
static void reporter_await(void)
{
	uint64_t now = clock_monotonic_ns();

	if (delivery.host == getpid() && now - delivery.reporter_at_ns < RECENTLY_NS)
		spawn_await(delivery.reporter, RECENTLY_NS / 2);
}

int delivery_final(void)
{
	struct ledger *ledger = recorder_ledger();
	int error = errno;

	if (!ledger || is_collected(ledger) || delivery.ended == getpid())
		return -1;
	delivery.ended = getpid();
	reporter_await();
	if (recorder_is_clean() && !delivery.options->is_verbose && !delivery.options->is_kept &&
	    delivery.options->format == FORMAT_TEXT) {
		/* The report would be silence: psql need not wait for it. */
		if (ledger->path[0])
			unlink(ledger->path);
		report_mark(false);
		errno = error;
		return -1;
	}

	int status = report_by_companion(ledger, -1, NULL, true);
	bool is_heard = log_is_usable() || !log_is_stderr();

	if (status < 0) {
		notice_say(NOTICE_COMPANION_FAILED, companion_path(), -status);
		is_heard = report_plainly(ledger);
		status = plain_report_is_failing(ledger) ? COMPANION_FAILS : 0;
	}
	/* What nobody could hear stays for `pqleak report`. */
	if (is_heard)
		ledger->header->flags |= LEDGER_REPORTED;
	if (ledger->path[0] && (is_heard || !status) && !delivery.options->is_kept)
		unlink(ledger->path);
	report_mark(status);
	errno = error;
	return status && delivery.options->exit_code ? (int)delivery.options->exit_code : -1;
}

void delivery_now(const char *reason, int copy)
{
	struct ledger *ledger = recorder_ledger();
	int error = errno;
	char argument[REASON_ARGUMENT_MAX];
	struct text text;

	spawn_reap();
	if (!ledger || (log_is_stderr() && !log_is_usable()))
		return;
	text_init(&text, argument, sizeof(argument));
	text_format(&text, "--reason=%s", reason);
	if (copy < 0)
		sockets_check(ledger);
	if (report_by_companion(ledger, copy, argument, false) < 0) {
		report_plainly(ledger);
	} else {
		delivery.host = ledger->header->pid;
		delivery.reporter_at_ns = clock_monotonic_ns();
	}
	errno = error;
}

bool delivery_is_due(uint64_t *at_ns)
{
	uint64_t before = __atomic_load_n(at_ns, __ATOMIC_RELAXED);
	uint64_t now = clock_monotonic_ns();

	return (!before || now - before >= PAUSE_NS) &&
	       __atomic_compare_exchange_n(at_ns, &before, now, false, __ATOMIC_RELAXED,
					   __ATOMIC_RELAXED);
}

void delivery_warn(void)
{
	static uint64_t warned_at_ns;
	struct ledger *ledger = recorder_ledger();
	struct guard guard = guard_begin();

	if (ledger && !is_collected(ledger) && delivery_is_due(&warned_at_ns)) {
		sockets_check(ledger);
		if (report_by_companion(ledger, -1, "--reason=misuse", true) < 0)
			report_plainly(ledger);
	}
	guard_end(&guard);
}
