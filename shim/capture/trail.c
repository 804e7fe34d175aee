#include "capture/trail.h"

#include <stddef.h>

#include "base/memory.h"

#define PAGE ((uintptr_t)4096)

/* A caller in common (a driver's one PQexec) has as many trails as it has callers. */
enum { BUCKETS = 1024, LOOKS_MAX = 64, CHUNK = 64 << 10, FRAME_SIZE_MAX = 64 << 10 };

/* Of one stack: who aligns its frame has two, or four. */
enum { OF_STACK_MAX = 8 };

/* What a frame that aligns itself saves before it knows its end: the other registers. */
enum { ALIGNED_SAVES_MAX = 8 };

/* Its address, and its links. */
enum { STEPS_OF_FRAME = 3 };

static struct trail *buckets[BUCKETS]; /* written under the recorder's lock */

static struct {
	char *chunk;
	size_t used, total;
} arena = { .used = CHUNK };

static struct trail **bucket_of(const struct use *use, uint64_t mark)
{
	uint64_t hash = (use->return_address ^ (uint64_t)use->call << 48 ^ mark) *
			0x9e3779b97f4a7c15u;

	return &buckets[hash >> 32 & (BUCKETS - 1)];
}

/* Of the stack that this thread walked last, or of some that meet: whole pages that are there. */
static _Thread_local __attribute__((tls_model("initial-exec"))) struct {
	uintptr_t low, high;
} known;

static bool is_known(const struct use *use, uint32_t offset)
{
	return use->frame >= known.low && use->frame + offset < known.high;
}

/* The host's stack has red zones where its sanitizer looks; only return addresses are read. */
static uintptr_t word_at(uintptr_t address)
{
	return *(const volatile uintptr_t *)address;
}

/* In whichever epoch. */
static bool is_place(const struct trail *trail, const struct use *use, uint64_t mark)
{
	if (trail->return_address != use->return_address || trail->mark != mark ||
	    trail->call != use->call || trail->libpq != use->libpq)
		return false;
	if (trail->count && !is_known(use, trail->steps[trail->count - 1].offset))
		return false;
	for (size_t i = 0; i < trail->count; i++) {
		const struct trail_step *step = &trail->steps[i];

		if (word_at(use->frame + step->offset) !=
		    step->address + step->is_link * use->frame)
			return false;
	}
	return true;
}

bool trail_is(const struct trail *trail, const struct use *use, const struct languages_mark *mark)
{
	return __atomic_load_n(&trail->epoch, __ATOMIC_RELAXED) == mark->epoch &&
	       is_place(trail, use, mark->number);
}

const struct trail *trail_find(const struct use *use, const struct languages_mark *mark)
{
	const struct trail *trail = __atomic_load_n(bucket_of(use, mark->number),
						    __ATOMIC_ACQUIRE);

	for (size_t looks = 0; trail && looks < LOOKS_MAX; looks++, trail = trail->next) {
		if (trail_is(trail, use, mark))
			return trail;
	}
	return NULL;
}

const struct trail *trail_renew(const struct use *use, const struct languages_mark *mark,
				const struct depot_stack *stored)
{
	struct trail *trail = __atomic_load_n(bucket_of(use, mark->number), __ATOMIC_ACQUIRE);

	for (size_t looks = 0; trail && looks < LOOKS_MAX; looks++, trail = trail->next) {
		if (trail->stack != stored || !is_place(trail, use, mark->number))
			continue;
		__atomic_store_n(&trail->epoch, mark->epoch, __ATOMIC_RELAXED);
		return trail;
	}
	return NULL;
}

/* Where the return address into frame `i` lies; 0 when it cannot be told. */
static uintptr_t place_of(const struct stack *stack, size_t i)
{
	uintptr_t below = stack->scratch->pointers[i - 1].stack;
	uintptr_t at = stack->scratch->pointers[i].stack;

	if (!below || at <= below || at - below > FRAME_SIZE_MAX)
		return 0;
#ifdef __x86_64__
	return at - sizeof(uintptr_t); /* pushed by the call */
#else
	/* AArch64: the frame record is at the frame's bottom. */
	return below + sizeof(uintptr_t);
#endif
}

/* All between the wrapper's frame and the outermost one that can be told are frames. */
static void learn(const struct use *use, const struct stack *stack)
{
	uintptr_t low = use->frame & ~(PAGE - 1), last = use->frame;

	for (size_t i = 1; i < stack->native_count; i++) {
		uintptr_t place = place_of(stack, i);

		if (!place || place < last)
			break;
		last = place;
	}
	uintptr_t high = (last | (PAGE - 1)) + 1;

	if (low <= known.high && high >= known.low) {
		low = low < known.low ? low : known.low;
		high = high > known.high ? high : known.high;
	}
	known.low = low;
	known.high = high;
}

/* A frame that aligns itself keeps its end not far below what its register points to. */
static uintptr_t place_of_end(uintptr_t frame, uintptr_t low, uintptr_t end)
{
	for (uintptr_t at = frame - sizeof(at), i = 0; at >= low && i < ALIGNED_SAVES_MAX; i++) {
		if (word_at(at) == end)
			return at;
		at -= sizeof(at);
	}
	return 0;
}

static struct trail_step link_of(const struct use *use, uintptr_t at, uintptr_t pointed)
{
	return (struct trail_step){ pointed - use->frame, (uint32_t)(at - use->frame), 1 };
}

/* Of frame `i`; returns how many of 2. */
static size_t links_fill(struct trail_step *links, const struct use *use,
			 const struct stack *stack, size_t i)
{
	const struct native_pointers *own = &stack->scratch->pointers[i];
	uintptr_t low = own->stack, end = stack->scratch->pointers[i + 1].stack, end_at = 0;

	/* Where its register has something else, its size is fixed. */
	if (own->frame_at < use->frame || own->frame_at >= low || own->frame < low ||
	    own->frame >= end || word_at(own->frame_at) != own->frame)
		return 0;
	bool is_plain = own->frame == end - 2 * sizeof(end);

	if (!is_plain && !(end_at = place_of_end(own->frame, low, end)))
		return 0;
	links[0] = link_of(use, own->frame_at, own->frame);
	if (is_plain)
		return 1;
	links[1] = link_of(use, end_at, end);
	return 2;
}

/* Returns how many of STEPS_OF_FRAME a frame; 0 when one of its addresses is not where a call
 * leaves it. */
static size_t steps_fill(struct trail_step *steps, const struct use *use, const struct stack *stack)
{
	size_t count = 0;

	for (size_t i = 1; i < stack->native_count; i++) {
		uintptr_t place = place_of(stack, i), address = stack->scratch->pcs[i];

		if (!place || place < use->frame || word_at(place) != address)
			return 0;
		count += links_fill(steps + count, use, stack, i - 1);
		steps[count++] = (struct trail_step){ address, (uint32_t)(place - use->frame), 0 };
	}
	return count;
}

static void *arena_take(size_t size)
{
	if (size > CHUNK || arena.total + CHUNK > TRAILS_SIZE_MAX)
		return NULL;
	if (arena.used + size > CHUNK) {
		char *chunk = memory_map(CHUNK);

		if (!chunk)
			return NULL;
		arena.chunk = chunk;
		arena.used = 0;
		arena.total += CHUNK;
	}
	void *taken = arena.chunk + arena.used;

	arena.used += size;
	return taken;
}

bool trail_is_wanted(const struct depot_stack *stored)
{
	return __atomic_load_n(&stored->trail_count, __ATOMIC_RELAXED) < OF_STACK_MAX;
}

static void count(struct depot_stack *stored, bool is_last)
{
	uint8_t number = is_last ? OF_STACK_MAX : (uint8_t)(stored->trail_count + 1);

	__atomic_store_n(&stored->trail_count, number, __ATOMIC_RELAXED);
}

const struct trail *trail_add(const struct use *use, const struct languages_mark *mark,
			      const struct stack *stack, struct depot_stack *stored)
{
	struct trail **bucket = bucket_of(use, mark->number);
	size_t steps_max = STEPS_OF_FRAME * (stack->native_count - 1), steps;
	size_t size = sizeof(struct trail) + steps_max * sizeof(struct trail_step);
	const struct trail *same;
	struct trail *trail;

	learn(use, stack);
	same = trail_find(use, mark);
	if (same)
		return same;
	if (stack->scratch->pcs[0] != use->return_address || !(trail = arena_take(size))) {
		count(stored, true);
		return NULL;
	}
	steps = steps_fill(trail->steps, use, stack);
	if (steps_max && !steps) {
		arena.used -= size;
		count(stored, true);
		return NULL;
	}
	arena.used -= (steps_max - steps) * sizeof(struct trail_step);
	count(stored, false);
	trail->next = *bucket;
	trail->libpq = use->libpq;
	trail->return_address = use->return_address;
	trail->mark = mark->number;
	trail->epoch = mark->epoch;
	trail->call = use->call;
	trail->stack = stored;
	trail->count = steps;
	__atomic_store_n(bucket, trail, __ATOMIC_RELEASE);
	return trail;
}

bool trail_has(const struct trail *trail, bool (*is_such)(uintptr_t return_address))
{
	bool has = is_such(trail->return_address);

	for (size_t i = 0; i < trail->count && !has; i++)
		has = !trail->steps[i].is_link && is_such(trail->steps[i].address);
	return has;
}

void trails_forget(void)
{
	for (size_t i = 0; i < BUCKETS; i++)
		buckets[i] = NULL;
}
