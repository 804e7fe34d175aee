#include "capture/limits.h"

#include <string.h>
#include <unistd.h>

#include "base/guard.h"
#include "base/reason.h"
#include "base/text.h"
#include "capture/attempt.h"
#include "capture/companion.h"
#include "capture/delivery.h"
#include "capture/notice.h"
#include "capture/recorder.h"
#include "capture/sockets.h"

enum { REASON_TEXT_MAX = 32 };

static const char *const refusals[] = {
#define REFUSAL(text) text,
#include "capture/refusals.def"
#undef REFUSAL
};

static struct {
	const struct options *options;
	uint64_t reported_at_ns[REASON_COUNT]; /* 0 never */
	bool is_above; /* PQLEAK_MAX_OPEN was passed, and is reported */
} limits;

void limits_init(const struct options *options)
{
	limits.options = options;
}

static bool is_due(enum reason reason)
{
	return delivery_is_due(&limits.reported_at_ns[reason]);
}

/* The program goes on at once: the report is of a copy of this moment's record. */
static void report(struct ledger *ledger, enum reason reason, const char *detail)
{
	char text[REASON_TEXT_MAX];
	struct text word;

	sockets_check(ledger);
	int copy = recorder_copy_reported();

	text_init(&word, text, sizeof(text));
	text_format(&word, "%s:%s", reason_word(reason), detail);
	delivery_now(text, copy);
	if (copy >= 0)
		close(copy);
}

static bool is_exhausted(const struct libpq *libpq, const PGconn *conn, const char *sqlstate)
{
	const char *message;

	if (!strcmp(sqlstate, "53300"))
		return true;
	if (*sqlstate && strcmp(sqlstate, "08P01") != 0)
		return false;
	message = libpq->PQerrorMessage(conn);
	for (size_t i = 0; message && i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		if (strstr(message, refusals[i]))
			return true;
	}
	return false;
}

static void check_open(struct ledger *ledger)
{
	uint64_t open = __atomic_load_n(&ledger->header->open, __ATOMIC_RELAXED);

	/* Failed ones that nobody finished hold nothing: they are counted only here. */
	if (open <= limits.options->max_open ||
	    recorder_count_open() <= limits.options->max_open)
		__atomic_store_n(&limits.is_above, false, __ATOMIC_RELAXED);
	else if (!__atomic_load_n(&limits.is_above, __ATOMIC_RELAXED) &&
		 is_due(REASON_MAX_OPEN)) {
		__atomic_store_n(&limits.is_above, true, __ATOMIC_RELAXED);
		report(ledger, REASON_MAX_OPEN, "");
	}
}

/* Is there a limit that such an end of a connect may have reached? */
static bool is_limited(bool is_failed)
{
	return limits.options &&
	       (is_failed ? limits.options->is_exhaustion_reported : limits.options->max_open);
}

void limits_check(const struct libpq *libpq, const PGconn *conn, const char *sqlstate)
{
	bool is_failed = libpq->PQstatus(conn) == CONNECTION_BAD;

	if (!is_limited(is_failed))
		return;
	struct guard guard = guard_begin();
	struct ledger *ledger = recorder_ledger();

	if (ledger && !is_failed)
		check_open(ledger);
	else if (ledger && is_exhausted(libpq, conn, sqlstate) && is_due(REASON_EXHAUSTION))
		report(ledger, REASON_EXHAUSTION, sqlstate);
	guard_end(&guard);
}

void limits_begin(const struct ledger *ledger)
{
	int error = 0;

	memset(limits.reported_at_ns, 0, sizeof(limits.reported_at_ns));
	limits.is_above = false;
	if (!limits.options->max_age_ns && !limits.options->max_transaction_ns)
		return;
	if (ledger->is_private)
		notice_say(NOTICE_WATCH_PRIVATE, "", ENOTSUP);
	else
		error = companion_watch(ledger->path);
	if (error)
		notice_say(NOTICE_WATCH_FAILED, companion_path(), -error);
}
