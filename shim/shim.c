/* Wires the capture side together. Until libpq is first used this is all that
 * happens in a process: no file, no thread, no library, no message.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/options.h"
#include "base/text.h"
#include "capture/companion.h"
#include "capture/delivery.h"
#include "capture/lifecycle.h"
#include "capture/limits.h"
#include "capture/native.h"
#include "capture/notice.h"
#include "capture/objects.h"
#include "capture/recorder.h"
#include "capture/signal.h"

static struct options options;
static char problems[OPTION_PROBLEM_MAX]; /* lines, "" when all is well */
static char signal_name[16];

static void say_lines(char *lines)
{
	for (char *line = lines, *end; *line; line = end) {
		end = strchrnul(line, '\n');
		if (*end)
			*end++ = 0;
		log_say("%s", line);
	}
	*lines = 0;
}

static void say_options(void)
{
	for (size_t i = 0; i < option_count; i++) {
		const struct option_row *row = &option_rows[i];

		log_say("%s=%s  %s (%s)", row->environment, row->value, row->help, row->values);
	}
	options.is_help = false;
}

/* The first record of a process: now there is a reason to speak. */
static void shim_started(const struct ledger *ledger)
{
	say_lines(problems);
	if (options.is_help)
		say_options();
	companion_prepare();
	/* One that has a path began as a file: NOTICE_LEDGER_STOPPED says it. */
	if (ledger->is_private && !ledger->path[0])
		notice_say(NOTICE_LEDGER_PRIVATE, *options.dir ? options.dir : "the default place",
			   ledger->dir_error ? ledger->dir_error : ledger->private_error);
	else if (ledger->dir_error)
		notice_say(NOTICE_DIR_UNUSABLE, options.dir, ledger->dir_error);
	if (!native_open() && native_missing_error())
		notice_say(NOTICE_NO_UNWINDER, "libunwind.so.8", native_missing_error());
	limits_begin(ledger);
	if (options.signal && signal_take(options.signal) == -EBUSY)
		notice_say(NOTICE_SIGNAL_TAKEN, signal_name, EBUSY);
}

/* Before it, at the first connection, when a library that was initialized earlier has it. */
__attribute__((constructor)) void recorder_load(void)
{
	static bool is_loaded;

	if (__atomic_exchange_n(&is_loaded, true, __ATOMIC_RELAXED))
		return;
	int error = errno;
	const char *collect = secure_getenv("PQLEAK_COLLECT");
	const char *signal = secure_getenv("PQLEAK_SIGNAL");
	struct text name;

	options_read(&options, secure_getenv, problems);
	/* The second of two would see the calls of the first as the program's. */
	if (!objects_shim_is_first())
		options.is_enabled = false;
	text_init(&name, signal_name, sizeof(signal_name));
	text_add(&name, signal ? signal : "");
	log_init();
	delivery_init(&options, collect && !strcmp(collect, "1"));
	limits_init(&options);
	recorder_init(&options, shim_started);
	if (options.is_enabled)
		lifecycle_init();
	errno = error;
}
