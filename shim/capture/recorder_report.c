/* The record as others see it while the process goes on. */
#include <errno.h>

#include "base/clock.h"
#include "capture/recorder_state.h"

/* Guarded by the recorder's lock. */
static struct {
	uint64_t at_ns; /* 0 only counts */
	uint64_t open;
} visited;

static void connection_visit(struct connection *connection)
{
	struct ledger_connection *record = connection->record;

	/* A child's registry has its parent's connections, too. */
	if (connection->is_inherited ||
	    (connection->state != LEDGER_CONNECTING && connection->state != LEDGER_OPEN))
		return;
	visited.open++;
	if (!visited.at_ns || !record)
		return;
	ledger_change_begin(&record->sequence);
	record->reported_at_ns = visited.at_ns;
	ledger_change_end(&record->sequence);
}

uint64_t recorder_count_open(void)
{
	if (recorder_is_interrupted())
		return 0;
	recorder_lock();
	visited.at_ns = visited.open = 0;
	registry_each(&recorder.registry, connection_visit);
	uint64_t open = visited.open;

	recorder_unlock();
	return open;
}

int recorder_copy_reported(void)
{
	if (recorder_is_interrupted())
		return -EBUSY;
	recorder_lock();
	visited.at_ns = clock_monotonic_ns();
	registry_each(&recorder.registry, connection_visit);
	int copy = ledger_copy(&recorder.ledger);

	if (visited.open)
		recorder.has_reported = true;
	recorder_unlock();
	return copy;
}
