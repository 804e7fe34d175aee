/* PHP 7.4 to 8.4, builds without threads (NTS), as a struct language: finds the
 * interpreter, and decides when its memory is trusted.
 *
 * Such a build runs in one thread of a process, the main one. */
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include "frames/attachment.h"
#include "frames/peek.h"
#include "frames/php_layout.h"
#include "frames/php_mark.h"
#include "frames/php_moment.h"
#include "frames/php_walk.h"
#include "frames/proof.h"
#include "frames/symbols.h"

static struct proof proof = PROOF; /* ends the time of guarded reads */
/* 0 until the main thread was seen. A forked child's only thread keeps its own. */
static atomic_uintptr_t php_thread;

static bool is_php_thread(void)
{
	uintptr_t self = (uintptr_t)pthread_self();

	if (atomic_load_explicit(&php_thread, memory_order_relaxed) == 0 && gettid() == getpid())
		atomic_store_explicit(&php_thread, self, memory_order_relaxed);
	return atomic_load_explicit(&php_thread, memory_order_relaxed) == self;
}

/* Where no script runs yet, the offsets are left for later. */
static enum language_state match(struct php_runtime *runtime)
{
	if (runtime->file || !is_php_thread() || !php_layout_can_match(runtime))
		return LANGUAGE_READY;
	peek_set_guarded(true);
	return php_layout_match(runtime) == 0 ? LANGUAGE_READY : LANGUAGE_UNSUPPORTED;
}

static enum language_state find(void)
{
	struct php_runtime runtime;
	enum language_state found = php_layout_find(&runtime);

	if (found == LANGUAGE_READY)
		found = match(&runtime);
	if (found == LANGUAGE_READY)
		php_runtime = runtime;
	return found;
}

/* Apache unloads its modules, and loads them again elsewhere. */
static bool is_there(void)
{
	return symbol_address("executor_globals") == php_runtime.globals;
}

static uintptr_t place(void)
{
	return php_runtime.globals;
}

static struct attachment attachment = ATTACHMENT(find, is_there, place); /* of php_runtime */

static enum language_state attach(void)
{
	return attachment_attach(&attachment);
}

/* Can this thread's frames be read? */
static bool is_readable(void)
{
	if (!is_php_thread() || attach() != LANGUAGE_READY || !attachment_holds(&attachment))
		return false;
	if (!php_runtime.file) {
		pthread_mutex_lock(&attachment.lock);
		atomic_store(&attachment.state, match(&php_runtime));
		pthread_mutex_unlock(&attachment.lock);
	}
	peek_set_guarded(!proof_is_done(&proof));
	return atomic_load(&attachment.state) == LANGUAGE_READY && php_runtime.file;
}

static size_t walk(struct language_frame *frames, size_t max, bool *ret_is_truncated)
{
	*ret_is_truncated = false;
	if (!is_readable())
		return 0;
	size_t count = php_walk(frames, max, ret_is_truncated);

	proof_begin(&proof, count);
	return count;
}

static size_t mark(size_t max, uint64_t *mix, bool *ret_is_known)
{
	if (!attachment_stays(&attachment))
		return 0;
	*ret_is_known = !is_php_thread();
	if (*ret_is_known || !php_runtime.file || !proof_is_done(&proof))
		return 0;
	return php_mark(max, mix, ret_is_known);
}

static int describe(const struct language_frame *frame, struct language_description *ret)
{
	int result = php_describe(frame, ret);

	if (result == 0)
		proof_add(&proof);
	return result;
}

static void read_moment(const struct language_frame *frames, size_t count,
			struct language_moment *ret)
{
	*ret = (struct language_moment){ 0 };
	if (is_readable())
		php_read_moment(frames, count, ret);
}

/* A `pc` is where a call returns to, which may be just behind the function. */
static bool is_collector(uintptr_t pc)
{
	return pc > php_runtime.collector && pc <= php_runtime.collector_end;
}

static bool is_evaluator(uintptr_t pc)
{
	return pc > php_runtime.code && pc <= php_runtime.code_end;
}

const struct language php = {
	.id = LEDGER_PHP,
	.name = "PHP",
	.attach = attach,
	.walk = walk,
	.mark = mark,
	.describe = describe,
	.read_self = php_read_self,
	.read_moment = read_moment,
	.is_collector = is_collector,
	.is_evaluator = is_evaluator,
	.is_block = true,
};
