#include "capture/visit.h"

#include "base/clock.h"
#include "base/guard.h"
#include "capture/recorder_state.h"
#include "capture/thread.h"
#include "capture/use.h"
#include "ledger/records.h"

/* What is left for who is inside. One that never comes back does not take it: the newest are
 * kept. Guarded by the recorder's lock. */
enum { WORDS_MAX = 64 };

static struct word {
	const struct connection *connection; /* NULL: none */
	struct ledger_connection *record;
	uint32_t visit;                      /* whom it is for */
	uint32_t stack;                      /* of who came, as the thread */
	int32_t thread;
} words[WORDS_MAX];
static unsigned next_word;

/* 0 where nothing can be recorded. */
static uint32_t stack_of(const struct use *use)
{
	if (!recorder_ledger() || recorder_is_interrupted())
		return 0;
	return recorder_stack_id(use->connection->libpq, use->call, use->return_address);
}

static void leave_word_locked(const struct use *use, int32_t first, uint32_t stack)
{
	struct visits *visits = &use->connection->visits;

	uint32_t stay = __atomic_load_n(&visits->count, __ATOMIC_RELAXED);

	/* The first has left meanwhile, or has word already. */
	if (__atomic_load_n(&visits->inside, __ATOMIC_RELAXED) != first || visits->met == stay)
		return;
	words[next_word++ % WORDS_MAX] = (struct word){
		.connection = use->connection,
		.record = use->connection->record,
		.visit = stay,
		.stack = stack,
		.thread = thread_id(),
	};
	__atomic_store_n(&visits->met, stay, __ATOMIC_RELEASE);
}

/* `first` has its mark in the connection. */
static void meet(const struct use *use, int32_t first)
{
	struct guard guard = guard_begin();
	uint32_t id = stack_of(use);

	if (id) {
		recorder_lock();
		leave_word_locked(use, first, id);
		recorder_unlock();
	}
	guard_end(&guard);
}

void visit_begin(struct use *use)
{
	struct visits *visits = &use->connection->visits;
	int32_t own = thread_id(), inside = 0;

	if (!__atomic_compare_exchange_n(&visits->inside, &inside, own, false, __ATOMIC_ACQUIRE,
					 __ATOMIC_RELAXED) &&
	    inside != own) {
		meet(use, inside);
		__atomic_store_n(&visits->inside, own, __ATOMIC_RELAXED);
	}
	/* Two who are in at once may get one number: both are. */
	use->visit = __atomic_load_n(&visits->count, __ATOMIC_RELAXED) + 1;
	if (__builtin_expect(!use->visit, 0)) {
		/* The numbers begin anew: an old word is for nobody. */
		__atomic_store_n(&visits->met, 0, __ATOMIC_RELAXED);
		use->visit = 1;
	}
	__atomic_store_n(&visits->count, use->visit, __ATOMIC_RELAXED);
}

static struct word *word_for(const struct use *use)
{
	for (unsigned i = 0; i < WORDS_MAX; i++) {
		if (words[i].connection == use->connection && words[i].visit == use->visit)
			return &words[i];
	}
	return NULL;
}

static void accuse_locked(const struct use *use, uint32_t stack)
{
	struct visits *visits = &use->connection->visits;
	struct word *word = visits->met == use->visit ? word_for(use) : NULL;

	if (!word)
		return;
	struct ledger_misuse misuse = {
		.kind = LEDGER_MISUSE_TWO_THREADS,
		.stack = word->stack,
		.other_stack = stack,
		.at_ns = clock_monotonic_ns(),
		.count = 1,
		.thread = word->thread,
		.other_thread = thread_id(),
	};

	if (word->record)
		misuse.connection = *word->record;
	ledger_add_misuse(&recorder.ledger, &misuse);
	word->connection = NULL;
	__atomic_store_n(&visits->met, 0, __ATOMIC_RELAXED);
}

static void accuse(const struct use *use)
{
	struct guard guard = guard_begin();
	uint32_t id = stack_of(use);

	if (id) {
		recorder_lock();
		accuse_locked(use, id);
		recorder_unlock();
	}
	guard_end(&guard);
}

void visit_end(const struct use *use)
{
	struct visits *visits = &use->connection->visits;

	if (__builtin_expect(__atomic_load_n(&visits->met, __ATOMIC_ACQUIRE) == use->visit, 0))
		accuse(use);
	/* Another's mark is left to him. */
	if (__atomic_load_n(&visits->inside, __ATOMIC_RELAXED) == thread_id())
		__atomic_store_n(&visits->inside, 0, __ATOMIC_RELEASE);
}

void visits_forget(void)
{
	for (unsigned i = 0; i < WORDS_MAX; i++)
		words[i].connection = NULL;
}
