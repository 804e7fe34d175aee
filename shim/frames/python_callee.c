/* The callee is looked for once a place: a connection is closed in few, and the search goes
 * along the code's table of columns.
 *
 * A place is what the depot compares of a frame. A memo is read without a lock: what was written
 * while it was read is not believed, and who finds another one writing leaves it to him. In a
 * child that was forked in the middle of that, the memo is never used again.
 */
#include <stdbool.h>

#include "frames/python_call.h"
#include "frames/python_object.h"

enum { MEMOS = 64 };

struct memo {
	uint32_t version; /* odd while it is written */
	uint32_t position, first_line, kind, index;
	uintptr_t code, file; /* 0: nothing so far */
};

static struct memo memos[MEMOS];

static struct memo *memo_of(const struct language_frame *frame)
{
	uint64_t hash = (frame->code ^ frame->position) * 0x9e3779b97f4a7c15u;

	return &memos[hash >> 32 & (MEMOS - 1)];
}

static uint32_t number(const uint32_t *at)
{
	return __atomic_load_n(at, __ATOMIC_RELAXED);
}

static bool memo_read(const struct memo *memo, const struct language_frame *frame,
		      struct python_callee *ret)
{
	uint32_t version = __atomic_load_n(&memo->version, __ATOMIC_ACQUIRE);
	bool is_same = __atomic_load_n(&memo->code, __ATOMIC_RELAXED) == frame->code &&
		       __atomic_load_n(&memo->file, __ATOMIC_RELAXED) == frame->file &&
		       number(&memo->position) == frame->position &&
		       number(&memo->first_line) == frame->first_line;
	struct python_callee callee = { number(&memo->kind), number(&memo->index) };

	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	if (!is_same || version & 1 || number(&memo->version) != version)
		return false;
	*ret = callee;
	return true;
}

static void memo_write(struct memo *memo, const struct language_frame *frame,
		       struct python_callee callee)
{
	uint32_t version = number(&memo->version);

	if (version & 1 ||
	    !__atomic_compare_exchange_n(&memo->version, &version, version + 1, false,
					 __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
		return;
	__atomic_thread_fence(__ATOMIC_RELEASE);
	__atomic_store_n(&memo->code, frame->code, __ATOMIC_RELAXED);
	__atomic_store_n(&memo->file, frame->file, __ATOMIC_RELAXED);
	__atomic_store_n(&memo->position, frame->position, __ATOMIC_RELAXED);
	__atomic_store_n(&memo->first_line, frame->first_line, __ATOMIC_RELAXED);
	__atomic_store_n(&memo->kind, callee.kind, __ATOMIC_RELAXED);
	__atomic_store_n(&memo->index, callee.index, __ATOMIC_RELAXED);
	__atomic_store_n(&memo->version, version + 2, __ATOMIC_RELEASE);
}

struct python_callee python_callee_of(const struct language_frame *frame)
{
	struct memo *memo = memo_of(frame);
	struct python_callee callee;

	if (memo_read(memo, frame, &callee))
		return callee;
	callee = python_runtime.minor <= 10 ? python_callee_by_stack(frame) :
					      python_callee_by_columns(frame);
	memo_write(memo, frame, callee);
	return callee;
}
