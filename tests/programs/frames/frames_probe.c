/* Shows a running interpreter its own frames as the shim reads them.
 *
 * Loaded through ctypes, FFI or Fiddle: as CDLL, or without `need_gvl`, it is called with the
 * interpreter's lock released, as PyDLL, or with `need_gvl`, with it held. Results are text,
 * in a buffer of the caller's.
 */
#include <dlfcn.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <unwind.h>

#include "frames/language.h"
#include "frames/merge.h"
#include "frames/peek.h"

#define EXPORT __attribute__((visibility("default")))

enum { FRAMES_MAX = 1024, NATIVE_MAX = 4096 };

EXPORT int probe_attach(void);
EXPORT int probe_attach_perl(void);
EXPORT int probe_attach_php(void);
EXPORT int probe_attach_ruby(void);
EXPORT size_t probe_walk(char *text, size_t size, int *ret_is_truncated);
EXPORT void probe_self(size_t index, char *text, size_t size);
EXPORT size_t probe_order(char *text, size_t size);
EXPORT int probe_call(int (*callback)(int), int argument);
EXPORT uint64_t probe_cost_ns(unsigned rounds, int is_described);
EXPORT int probe_record(void);
EXPORT void probe_destroy(void *capsule);
EXPORT size_t probe_recorded(char *text, size_t size);
EXPORT int probe_keeps_errno(void);
EXPORT unsigned probe_walk_for_ms(unsigned ms);
EXPORT void probe_set_guarded(int is_guarded);

static const struct language *language = &python;

EXPORT int probe_attach(void)
{
	return (int)language->attach();
}

/* For the rest of the process, which has no other interpreter. */
EXPORT int probe_attach_ruby(void)
{
	language = &ruby;
	return probe_attach();
}

EXPORT int probe_attach_perl(void)
{
	language = &perl;
	return probe_attach();
}

EXPORT int probe_attach_php(void)
{
	language = &php;
	return probe_attach();
}

EXPORT void probe_set_guarded(int is_guarded)
{
	peek_set_guarded(is_guarded);
}

/* A line a frame: function, file and line, with 0x1f between them. */
static size_t write_frames(const struct language_frame *frames, size_t count, char *text,
			   size_t size)
{
	struct language_description description;
	size_t used = 0;

	for (size_t i = 0; i < count && used < size; i++) {
		int result = language->describe(&frames[i], &description);

		if (result == 0)
			used += (size_t)snprintf(text + used, size - used, "%s\x1f%s\x1f%u\n",
						 description.function, description.file,
						 description.line);
		else
			used += (size_t)snprintf(text + used, size - used, "error %d\n", result);
	}
	return used;
}

EXPORT size_t probe_walk(char *text, size_t size, int *ret_is_truncated)
{
	struct language_frame frames[FRAMES_MAX];
	bool is_truncated;
	size_t count = language->walk(frames, FRAMES_MAX, &is_truncated);

	text[0] = 0;
	*ret_is_truncated = is_truncated;
	return write_frames(frames, count, text, size);
}

EXPORT void probe_self(size_t index, char *text, size_t size)
{
	struct language_frame frames[FRAMES_MAX];
	struct language_self self;
	bool is_truncated;
	size_t count = language->walk(frames, FRAMES_MAX, &is_truncated);
	int result = index < count ? language->read_self(&frames[index], &self) : -ENOENT;

	if (result == 0)
		snprintf(text, size, "%s %lu", self.type, (unsigned long)self.address);
	else
		snprintf(text, size, "error %d", result);
}

struct native_stack {
	struct native_frame frames[NATIVE_MAX];
	size_t count;
};

static _Unwind_Reason_Code add_native(struct _Unwind_Context *context, void *argument)
{
	struct native_stack *stack = argument;

	if (stack->count == NATIVE_MAX)
		return _URC_END_OF_STACK;
	stack->frames[stack->count++] = (struct native_frame){
		.pc = _Unwind_GetIP(context),
		.stack_pointer = _Unwind_GetCFA(context),
	};
	return _URC_NO_REASON;
}

static bool is_in_probe_call(uintptr_t pc)
{
	Dl_info info;

	return dladdr((void *)(pc - 1), &info) != 0 && info.dli_saddr == (void *)probe_call;
}

/* The merged stack, innermost first: a line for each Python frame, its function, and
 * "call" for each native frame of probe_call(). */
EXPORT size_t probe_order(char *text, size_t size)
{
	struct native_stack stack = { .count = 0 };
	struct merged_frame merged[FRAMES_MAX + NATIVE_MAX];
	struct language_frame frames[FRAMES_MAX];
	struct language_description description;
	bool is_truncated;
	size_t used = 0;

	_Unwind_Backtrace(add_native, &stack);

	size_t count = language->walk(frames, FRAMES_MAX, &is_truncated);
	size_t total = frames_merge(language, stack.frames, stack.count, frames, count, merged);

	if (total != stack.count + count)
		return (size_t)snprintf(text, size, "%zu frames of %zu\n", total,
					stack.count + count);
	text[0] = 0;
	for (size_t i = 0; i < total && used < size; i++) {
		uint16_t index = merged[i].index;

		if (merged[i].language == LEDGER_NATIVE) {
			if (is_in_probe_call(stack.frames[index].pc))
				used += (size_t)snprintf(text + used, size - used, "call\n");
		} else if (language->describe(&frames[index], &description) == 0) {
			used += (size_t)snprintf(text + used, size - used, "%s\n",
						 description.function);
		}
	}
	return used;
}

/* A native frame that is easily known, between Python and Python. */
EXPORT int probe_call(int (*callback)(int), int argument)
{
	int result = callback(argument);

	__asm__ volatile("" : "+r"(result)); /* no sibling call */
	return result;
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

EXPORT uint64_t probe_cost_ns(unsigned rounds, int is_described)
{
	struct language_description description;
	struct language_frame frames[FRAMES_MAX];
	uint64_t begin = now_ns();

	for (unsigned round = 0; round < rounds; round++) {
		bool is_truncated;
		size_t count = language->walk(frames, FRAMES_MAX, &is_truncated);

		for (size_t i = 0; is_described && i < count; i++)
			language->describe(&frames[i], &description);
	}
	return (now_ns() - begin) / rounds;
}

/* What the last calls of probe_record() or probe_destroy() saw. */
static struct {
	unsigned count;
	struct language_moment moment;
	char function[LANGUAGE_NAME_MAX];
} record;

EXPORT int probe_record(void)
{
	static struct language_description description;
	struct language_frame frames[FRAMES_MAX];
	bool is_truncated;
	size_t count = language->walk(frames, FRAMES_MAX, &is_truncated);

	record.count++;
	record.function[0] = 0;
	if (count > 0 && language->describe(&frames[0], &description) == 0)
		memcpy(record.function, description.function, sizeof(record.function));
	language->read_moment(frames, count, &record.moment);
	return 0;
}

/* For PyCapsule_New: what a C extension's object runs when it is dropped. */
EXPORT void probe_destroy(void *capsule)
{
	(void)capsule;
	probe_record();
	if (getenv("PROBE_SAYS_DESTROY") != NULL) {
		char text[LANGUAGE_NAME_MAX + 128];
		size_t length = probe_recorded(text, sizeof(text));

		if (write(STDOUT_FILENO, text, length) < 0)
			_exit(9);
	}
}

EXPORT size_t probe_recorded(char *text, size_t size)
{
	int length = snprintf(text, size, "%u %d %d %d %s %s\n", record.count,
			      record.moment.is_finalizing, record.moment.is_collecting,
			      record.moment.is_collecting_known,
			      record.moment.called[0] ? record.moment.called : "-",
			      record.function[0] ? record.function : "-");

	record.count = 0;
	return (size_t)length;
}

EXPORT int probe_keeps_errno(void)
{
	char text[4096];
	int is_truncated;

	errno = 4242;
	probe_attach();
	for (int is_guarded = 0; is_guarded < 2; is_guarded++) {
		peek_set_guarded(is_guarded);
		probe_walk(text, sizeof(text), &is_truncated);
		probe_record();
	}
	peek_set_guarded(false);
	return errno == 4242;
}

/* For a thread that is in C while the interpreter goes. Returns how often it walked. */
EXPORT unsigned probe_walk_for_ms(unsigned ms)
{
	uint64_t end = now_ns() + ms * (uint64_t)1000000;
	char text[4096];
	int is_truncated;
	unsigned count = 0;

	for (; now_ns() < end; count++)
		probe_walk(text, sizeof(text), &is_truncated);
	return count;
}

/* After Py_FinalizeEx, when the program's static destructors run. */
static __attribute__((destructor)) void walk_at_the_end(void)
{
	if (getenv("PROBE_AT_END") != NULL) {
		probe_record();
		dprintf(STDOUT_FILENO, "end: %d %s\n", record.moment.is_finalizing,
			record.function[0] ? record.function : "-");
	}
}
