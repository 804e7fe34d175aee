/* `pqleak watch`: what the shim starts for PQLEAK_MAX_AGE and PQLEAK_MAX_TRANSACTION. A
 * process that is stuck calls nothing, so another one has to look at its ledger.
 *
 * It lives as long as the process, and keeps nothing of it but the ledger and, while the
 * process has it too, standard error. Reports are made by a child of its own: names take
 * memory, and a log may be a pipe that nobody reads.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/system_calls.h"
#include "cli/arguments.h"
#include "cli/command.h"
#include "cli/delivery.h"
#include "cli/say.h"
#include "cli/watched.h"

#define TICK_LEAST_NS UINT64_C(50000000)
#define TICK_MOST_NS UINT64_C(1000000000)
#define PAUSE_NS UINT64_C(60000000000)   /* between two reports of one limit */
#define PATIENCE_NS UINT64_C(5000000000) /* with a reporter when the process has ended */

enum { LOOKS_OF_EXEC = 2 }; /* an exec that fails goes back to running */

struct watch {
	struct options options;
	int ledger;
	pid_t pid;
	int process; /* pidfd, or -1 where the kernel has none */
	uint64_t tick_ns;
	uint64_t age_reported_at_ns, transaction_reported_at_ns;
	unsigned looks_of_exec;
	struct watched watched;
};

static bool process_has_ended(const struct watch *watch, uint64_t wait_ns)
{
	struct pollfd event = { .fd = watch->process, .events = POLLIN };
	struct timespec time = { .tv_sec = (time_t)(wait_ns / 1000000000),
				 .tv_nsec = (long)(wait_ns % 1000000000) };

	if (ppoll(&event, watch->process >= 0, &time, NULL) > 0)
		return true;
	return watch->process < 0 && kill(watch->pid, 0) && errno == ESRCH;
}

static void report_make(const struct watch *watch, enum reason reason)
{
	struct ledgers ledgers = { 0 };
	int error = dup2(watch->ledger, STDIN_FILENO) < 0 ? -errno : ledgers_add(&ledgers, "-");

	if (error)
		return;
	delivery_make(&(struct delivery){
		.options = &watch->options,
		.ledgers = &ledgers,
		.reason = reason,
		.after_all = watch->watched.over,
		.after_all_count = reason == REASON_AFTER_ALL ? watch->watched.over_count : 0,
		.pid = watch->pid,
		.program = reader_string(ledgers.readers[0],
					 reader_header(ledgers.readers[0])->executable),
		.at_ns = clock_realtime_ns(),
	});
	ledgers_finish(&ledgers);
}

/* Reports come one after the other. */
static void report(const struct watch *watch, enum reason reason)
{
	pid_t pid = fork();
	uint64_t ended_at_ns = 0;

	if (pid == 0) {
		report_make(watch, reason);
		_exit(0);
	}
	while (pid > 0 && waitpid(pid, NULL, WNOHANG) == 0) {
		uint64_t now = clock_monotonic_ns();

		if (!ended_at_ns && process_has_ended(watch, 0))
			ended_at_ns = now;
		if (ended_at_ns && now - ended_at_ns > PATIENCE_NS)
			kill(pid, SIGKILL);
		nanosleep(&(struct timespec){ .tv_nsec = 5000000 }, NULL);
	}
}

static bool is_due(uint64_t reported_at_ns, uint64_t now_ns)
{
	return !reported_at_ns || now_ns - reported_at_ns >= PAUSE_NS;
}

/* A daemon lets go of standard error, and its pipe may have a reader that waits for that. */
static void stderr_follow(const struct watch *watch)
{
	char path[64], theirs[PATH_MAX] = "", ours[PATH_MAX] = "";

	snprintf(path, sizeof(path), "/proc/%d/fd/%d", watch->pid, STDERR_FILENO);
	if (readlink(path, theirs, sizeof(theirs) - 1) < 0 &&
	    (errno != ENOENT || process_has_ended(watch, 0)))
		return;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", STDERR_FILENO);
	if (readlink(path, ours, sizeof(ours) - 1) > 0 && strcmp(ours, theirs) != 0)
		dup2(STDOUT_FILENO, STDERR_FILENO);
}

static void look_report(struct watch *watch, uint64_t now_ns)
{
	if (watch->watched.over_count)
		report(watch, REASON_AFTER_ALL);
	if (watch->watched.fresh_transaction) {
		watch->transaction_reported_at_ns = now_ns;
		report(watch, REASON_MAX_TRANSACTION);
	}
	if (watch->watched.fresh_age) {
		watch->age_reported_at_ns = now_ns;
		report(watch, REASON_MAX_AGE);
	}
}

/* Is there more to see? */
static bool ledger_goes_on(struct watch *watch, const struct ledger_header *header)
{
	if (header->flags & LEDGER_INCOMPLETE) {
		say("the ledger of process %d could not grow: PQLEAK_MAX_AGE and "
		    "PQLEAK_MAX_TRANSACTION are not watched any longer", watch->pid);
		return false;
	}
	watch->looks_of_exec = header->ended == LEDGER_PROCESS_EXEC ? watch->looks_of_exec + 1 : 0;
	return watch->looks_of_exec < LOOKS_OF_EXEC;
}

static bool look(struct watch *watch, bool has_ended)
{
	struct snapshot snapshot = { 0 };
	uint64_t now_ns = clock_monotonic_ns();
	bool goes_on = !snapshot_init(&snapshot, watch->ledger, 1u << LEDGER_CONNECTIONS);
	bool is_running = !has_ended && snapshot.header.ended == LEDGER_PROCESS_RUNNING;
	struct watched_turn turn = {
		.is_age = is_running && is_due(watch->age_reported_at_ns, now_ns),
		.is_transaction = is_running && is_due(watch->transaction_reported_at_ns, now_ns),
	};

	if (goes_on && !watched_look(&watch->watched, &snapshot, &watch->options, turn, now_ns))
		look_report(watch, now_ns);
	goes_on = goes_on && ledger_goes_on(watch, &snapshot.header);
	snapshot_finish(&snapshot);
	return goes_on;
}

static uint64_t tick_of(const struct options *options)
{
	uint64_t least = TICK_MOST_NS;

	if (options->max_age_ns && options->max_age_ns / 10 < least)
		least = options->max_age_ns / 10;
	if (options->max_transaction_ns && options->max_transaction_ns / 10 < least)
		least = options->max_transaction_ns / 10;
	return least < TICK_LEAST_NS ? TICK_LEAST_NS : least;
}

/* Nothing of the process's but standard error, and no signal of its terminal. */
static void detach(void)
{
	int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);

	setsid();
	signal(SIGPIPE, SIG_IGN);
	if (nothing < 0)
		return;
	dup2(nothing, STDIN_FILENO);
	dup2(nothing, STDOUT_FILENO);
	/* Were it closed, the ledger would be taken for it. */
	if (fcntl(STDERR_FILENO, F_GETFD) < 0)
		dup2(nothing, STDERR_FILENO);
	if (nothing > STDERR_FILENO)
		close(nothing);
}

/* The process first, then whether it is the one: its number may be another's by now. */
static int watch_init(struct watch *watch, const char *path)
{
	enum reader_error error = READER_OK;
	struct reader *reader = reader_open(path, &error);
	bool is_alive;

	if (!reader) {
		say("cannot watch '%s': %s", path, error == READER_CANNOT_OPEN
		    ? strerror(errno) : reader_error_text(error));
		return -EINVAL;
	}
	watch->pid = reader_header(reader)->pid;
	watch->process = (int)syscall(SYS_pidfd_open, watch->pid, 0);
	watch->ledger = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	watch->tick_ns = tick_of(&watch->options);
	is_alive = reader_is_alive(reader);
	reader_free(reader);
	return is_alive && watch->ledger >= 0 ? 0 : -ESRCH;
}

int command_watch(int argc, char **argv)
{
	struct watch *watch = calloc(1, sizeof(*watch));
	bool has_ended = false;

	if (argc != 2 || !watch)
		return STATUS_USAGE;
	detach();
	arguments_read_environment(&watch->options, false);
	if (watch_init(watch, argv[1]))
		return STATUS_TROUBLE;
	do {
		has_ended = process_has_ended(watch, watch->tick_ns);
		stderr_follow(watch);
	} while (look(watch, has_ended) && !has_ended);
	watched_finish(&watch->watched);
	close(watch->ledger);
	free(watch);
	return STATUS_OK;
}
