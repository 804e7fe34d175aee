/* The stack of this moment, native and language frames together, as an id in the
 * ledger.
 *
 * In steps, since describing a new stack asks the loader and must not happen
 * under the recorder's lock: stack_take fills the scratch and its key; when the
 * depot does not know the key, stack_describe names the frames; stack_store puts
 * them into the ledger. A stack that a trail knows has none of these, and no scratch.
 *
 * Context: any thread; not async-signal-safe. Keeps errno.
 */
#ifndef CAPTURE_STACK_H
#define CAPTURE_STACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture/libpq.h"
#include "capture/scratch.h"
#include "ledger/depot.h"
#include "ledger/writer.h"

struct trail;

struct stack {
	const struct depot_stack *stored; /* NULL when it could not be taken */
	const struct trail *trail;        /* by which it was known; NULL: it was walked */
	struct scratch *scratch;          /* NULL: it was not */
	struct depot_key key;
	enum libpq_call call;
	const struct libpq *libpq;
	const struct language *language; /* of the language frames; NULL none */
	size_t native_count, frame_count;
	bool is_truncated, is_pointed;
	/* After stack_describe. */
	size_t merged_count, object_count;
	uint32_t pool_frame;      /* as in struct depot_stack */
	const char *pool_library;
};

/* Takes the stack of `call`, made from `return_address`. No lock of ours held. */
void stack_take(struct stack *stack, struct scratch *scratch, const struct libpq *libpq,
		enum libpq_call call, uintptr_t return_address, unsigned depth);

/* Names the frames of a stack just taken, in the same call. No lock of ours held. */
void stack_describe(struct stack *stack);

/* Fills the stack pointers of a stack just taken, in the same call; 0 where unknown. No
 * lock of ours held. */
void stack_point(struct stack *stack);

/* Writes a described stack. Under the recorder's lock. */
struct depot_stack *stack_store(const struct stack *stack, struct ledger *ledger,
				struct depot *depot);

/* Reads the pool's own frame of a stack that was known, so that it is there as after a walk:
 * `pool_frame` of them, in `scratch`. */
void stack_read_pool(struct stack *stack, struct scratch *scratch);

/* Is exit() running in it, and so the exit handlers and static destructors? */
bool stack_is_exiting(const struct stack *stack);

/* Does it have frames of a language? */
bool stack_has_frames(const struct stack *stack);

/* What the interpreter is doing in this moment, also when it runs no frame: at its
 * shutdown there is none left. */
void stack_read_moment(const struct stack *stack, struct language_moment *ret);

#endif
