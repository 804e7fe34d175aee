/* Results and their like: what libpq hands out, and is to be given back. */
#include "base/clock.h"
#include "base/guard.h"
#include "capture/recorder_state.h"
#include "ledger/results.h"

/* One is remembered for so many bytes that the ledger may have. */
enum { BYTES_A_HANDOUT = 256 };

bool recorder_tracks_results;

static void made_locked(enum ledger_result_kind kind, const void *pointer, uint32_t stack)
{
	struct ledger *ledger = &recorder.ledger;
	/* One at that address went in a way that nobody saw. */
	uint32_t gone = handouts_remove(&recorder.handouts, pointer);

	if (gone)
		ledger_free_result(ledger, gone);
	/* What is not remembered cannot be seen to go, and would look kept. */
	if (!handouts_reserve(&recorder.handouts,
			      recorder.options->ledger_max / BYTES_A_HANDOUT)) {
		ledger_lose_result(ledger);
		return;
	}
	uint32_t id = ledger_make_result(ledger, kind, stack, clock_monotonic_ns());

	if (id)
		handouts_add(&recorder.handouts, pointer, id);
}

void recorder_made(struct libpq *libpq, enum libpq_call call, enum ledger_result_kind kind,
		   const void *pointer, uintptr_t return_address)
{
	struct guard guard = guard_begin();

	/* When memory is short libpq hands out one that lies in itself, and is never freed. */
	if (pointer && libpq->is_complete && !libpq_is_nested(libpq, return_address) &&
	    !libpq_inside((uintptr_t)pointer) && recorder_is_on()) {
		uint32_t id = recorder_stack_id(libpq, call, return_address);

		recorder_lock();
		made_locked(kind, pointer, id);
		recorder_unlock();
	}
	guard_end(&guard);
}

void recorder_giving_back(const void *pointer)
{
	struct guard guard = guard_begin();

	/* In a child that has recorded nothing yet the ledger here is its parent's. */
	if (pointer && recorder_ledger_is_own() && !recorder_is_interrupted()) {
		recorder_lock();
		uint32_t id = handouts_remove(&recorder.handouts, pointer);

		if (id)
			ledger_free_result(&recorder.ledger, id);
		recorder_unlock();
	}
	guard_end(&guard);
}
