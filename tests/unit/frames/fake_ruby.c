#include "fake_ruby.h"

#include <assert.h>
#include <string.h>

#define EXPORT __attribute__((visibility("default")))

struct fake_ruby fake;

static struct fake_object finish = { .flags = STRING, .text = "finish" };

EXPORT int ruby_native_thread_p(void);
EXPORT int ruby_thread_has_gvl_p(void);
EXPORT int rb_thread_alone(void);
EXPORT int rb_during_gc(void);
EXPORT int rb_profile_frames(int start, int limit, uintptr_t *frames, int *lines);
EXPORT uintptr_t rb_profile_frame_path(uintptr_t frame);
EXPORT uintptr_t rb_profile_frame_label(uintptr_t frame);
EXPORT uintptr_t rb_frame_this_func(void);
EXPORT uintptr_t rb_id2str(uintptr_t identifier);
EXPORT char *rb_string_value_ptr(volatile uintptr_t *string);
EXPORT uintptr_t rb_thread_current(void);
EXPORT size_t rb_gc_count(void);

int ruby_native_thread_p(void)
{
	return fake.is_ruby_thread;
}

int ruby_thread_has_gvl_p(void)
{
	return fake.has_lock;
}

int rb_thread_alone(void)
{
	return true;
}

int rb_during_gc(void)
{
	return fake.is_collecting;
}

int rb_profile_frames(int start, int limit, uintptr_t *frames, int *lines)
{
	int count = 0;

	assert(start == 0);
	for (; count < limit && (size_t)count < fake.count; count++) {
		frames[count] = (uintptr_t)fake.entries[count].value;
		lines[count] = fake.entries[count].line;
	}
	return count;
}

uintptr_t rb_profile_frame_path(uintptr_t frame)
{
	const struct fake_object *object = (const void *)frame;

	assert(object->flags != MOVED);
	return object->path ? (uintptr_t)object->path : NIL;
}

uintptr_t rb_profile_frame_label(uintptr_t frame)
{
	return (uintptr_t)((const struct fake_object *)frame)->label;
}

uintptr_t rb_frame_this_func(void)
{
	return 4711;
}

uintptr_t rb_id2str(uintptr_t identifier)
{
	assert(identifier == 4711);
	return (uintptr_t)&finish;
}

char *rb_string_value_ptr(volatile uintptr_t *string)
{
	const struct fake_object *object = (const void *)*string;

	assert(object->flags == STRING);
	return (char *)(uintptr_t)object->text;
}

size_t rb_gc_count(void)
{
	return fake.collections;
}

uintptr_t rb_thread_current(void)
{
	assert(fake.count > 0);
	return (uintptr_t)fake.object;
}

/* The control frames end where the stack ends. */
void fake_ruby_init(const struct fake_entry *entries, size_t count)
{
	uintptr_t *frame = fake.stack + STACK_WORDS - count * FRAME_WORDS;

	memset(&fake, 0, sizeof(fake));
	fake.is_ruby_thread = true;
	fake.entries = entries;
	fake.count = count;
	fake.object[4] = (uintptr_t)fake.thread;
	fake.thread[3] = (uintptr_t)fake.context;
	fake.context[0] = (uintptr_t)fake.stack;
	fake.context[1] = STACK_WORDS;
	fake.context[2] = (uintptr_t)frame;
	for (size_t i = 0; i < count; i++, frame += FRAME_WORDS) {
		frame[2] = (uintptr_t)entries[i].code;
		frame[3] = (uintptr_t)entries[i].self;
	}
}
