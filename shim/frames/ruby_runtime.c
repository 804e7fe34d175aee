#include "frames/ruby_runtime.h"

#include <pthread.h>
#include <stddef.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "frames/attachment.h"
#include "frames/peek.h"
#include "frames/symbols.h"

struct ruby_runtime ruby_runtime;

/* Where a library's thread-local variables are in the threads' static block, they are
 * everywhere as far from its end, which is small. */
enum { STATIC_BLOCK_MAX = 1 << 20 };

/* Times half a millisecond: the longest collection that is waited for. */
enum { SETTLE_MAX = 4000 };

static bool find_functions(struct ruby_runtime *runtime)
{
	const struct {
		void *function;
		const char *name;
	} rows[] = {
		{ &runtime->has_lock, "ruby_thread_has_gvl_p" },
		{ &runtime->is_alone, "rb_thread_alone" },
		{ &runtime->is_collecting, "rb_during_gc" },
		{ &runtime->frames, "rb_profile_frames" },
		{ &runtime->path, "rb_profile_frame_path" },
		{ &runtime->label, "rb_profile_frame_label" },
		{ &runtime->this_function, "rb_frame_this_func" },
		{ &runtime->name, "rb_id2str" },
		{ &runtime->text, "rb_string_value_ptr" },
		{ &runtime->thread, "rb_thread_current" },
		{ &runtime->collections, "rb_gc_count" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uintptr_t address = symbol_address(rows[i].name);

		if (address == 0)
			return false;
		memcpy(rows[i].function, &address, sizeof(address));
	}
	return true;
}

static void find_context(struct ruby_runtime *runtime)
{
	uintptr_t variable = symbol_address("ruby_current_ec");
	intptr_t distance = (intptr_t)(variable - (uintptr_t)pthread_self());

	runtime->shared_context = symbol_address("ruby_current_execution_context_ptr");
	if (variable != 0 && distance < STATIC_BLOCK_MAX && distance > -STATIC_BLOCK_MAX)
		runtime->thread_context = distance;
}

static enum language_state find(void)
{
	struct ruby_runtime runtime = { 0 };
	uintptr_t is_ruby_thread = symbol_address("ruby_native_thread_p");

	if (is_ruby_thread == 0)
		return LANGUAGE_ABSENT;
	if (!find_functions(&runtime) ||
	    !symbol_code(is_ruby_thread, &runtime.code))
		return LANGUAGE_UNSUPPORTED;
	find_context(&runtime);
	runtime.is_ruby_thread = (int (*)(void))is_ruby_thread;
	runtime.machine = symbol_address("ruby_current_vm_ptr");
	ruby_runtime = runtime;
	return LANGUAGE_READY;
}

static struct attachment attachment = ATTACHMENT(find, NULL, NULL); /* of ruby_runtime */

enum language_state ruby_attach(void)
{
	return attachment_attach(&attachment);
}

static bool is_running(void)
{
	return attachment_holds(&attachment) &&
	       (ruby_runtime.machine == 0 || peek_word(ruby_runtime.machine) != 0);
}

bool ruby_is_foreign_thread(void)
{
	return is_running() && !ruby_runtime.is_ruby_thread();
}

bool ruby_is_readable(void)
{
	if (!is_running() || !ruby_runtime.is_ruby_thread())
		return false;
	/* Else rb_profile_frames, too, reads the frames of the thread that has the lock. */
	return ruby_runtime.shared_context == 0 || ruby_has_lock() || ruby_runtime.is_alone();
}

bool ruby_has_lock(void)
{
	return ruby_runtime.has_lock() != 0;
}

bool ruby_settle(void)
{
	/* Not nanosleep(): where a thread may be cancelled is the host's affair. */
	const struct timespec pause = { .tv_nsec = 500 * 1000 };

	for (unsigned i = 0; i < SETTLE_MAX; i++) {
		if (ruby_has_lock() || ruby_runtime.is_collecting() == 0)
			return true;
		syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, &pause, NULL);
	}
	return false;
}

uintptr_t ruby_context(void)
{
	uintptr_t variable = (uintptr_t)pthread_self() + (uintptr_t)ruby_runtime.thread_context;

	if (ruby_runtime.thread_context != 0)
		return peek_word(variable);
	return ruby_runtime.shared_context != 0 ? peek_word(ruby_runtime.shared_context) : 0;
}
