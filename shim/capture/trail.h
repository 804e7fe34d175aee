/* A stack known again without a walk: where its return addresses lie.
 *
 * A frame's size at a given return address is fixed, so who calls from the same place with
 * the same return address one frame up, at the same distance, comes from the same caller
 * there, and so on to the outermost: when all words of a trail are where they were, the
 * stack is the one that was walked then, in any thread and at any depth.
 * A frame without a fixed size (alloca, or one that is aligned) has its own end in a register,
 * which those whom it calls save at a fixed place: a link. It is looked at before the word beyond
 * the frame is, or one that an earlier call left in the frame would pass for its caller; and the
 * frame may be smaller now, at the end of a stack. Frames that have changed their size miss.
 * A word is read only where this thread has walked before, too: the first use on each stack is
 * walked.
 *
 * Where language frames are told apart by their addresses, a trail is of one epoch (language.h):
 * in the next one the stack is walked, and the trail is of that one when it still is the same.
 *
 * Trails are for good, and few: past TRAILS_SIZE_MAX stacks are walked. So are those whose frames
 * change their size too often.
 */
#ifndef CAPTURE_TRAIL_H
#define CAPTURE_TRAIL_H

#include <stdbool.h>
#include <stdint.h>

#include "capture/languages.h"
#include "capture/stack.h"
#include "capture/use.h"

enum { TRAILS_SIZE_MAX = 4 << 20 };

struct trail {
	struct trail *next;
	const struct libpq *libpq;
	uintptr_t return_address;
	uint64_t mark;            /* of the language's frames */
	uint64_t epoch;           /* atomic; of the mark */
	enum libpq_call call;
	const struct depot_stack *stack;
	size_t count;
	struct trail_step {
		uintptr_t address; /* a return address; a link's is above the wrapper's frame */
		uint32_t offset;   /* where it lies, above the wrapper's frame */
		uint32_t is_link;  /* 0 or 1 */
	} steps[];
};

/* Is this use made where `trail` was? Context: the wrapper's thread; no lock. */
bool trail_is(const struct trail *trail, const struct use *use, const struct languages_mark *mark);

/* One that is; NULL when none is known. Context: as above. */
const struct trail *trail_find(const struct use *use, const struct languages_mark *mark);

/* Of the stack just walked, which is stored as `stored`: its trail of an older epoch, which is of
 * this one now; NULL when there is none. Context: as above. */
const struct trail *trail_renew(const struct use *use, const struct languages_mark *mark,
				const struct depot_stack *stored);

/* Is it worth a try to add one of the stack? Context: any thread; no lock. */
bool trail_is_wanted(const struct depot_stack *stored);

/* Of the stack just walked, which is stored as `stored`; NULL when it has no fixed places.
 * Context: the recorder's lock; `stack` has its pointers. */
const struct trail *trail_add(const struct use *use, const struct languages_mark *mark,
			      const struct stack *stack, struct depot_stack *stored);

/* Is any of its return addresses such a one? Context: any. */
bool trail_has(const struct trail *trail, bool (*is_such)(uintptr_t return_address));

/* In a forked child: the ids are the parent's. Context: the recorder's lock. */
void trails_forget(void);

#endif
