/* An interpreter of Ruby as the shim finds it: exported functions, control frames, objects.
 *
 * A control frame has 64 bytes, and the context has no variable: it is a thread's fourth word.
 */
#ifndef FAKE_RUBY_H
#define FAKE_RUBY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { STRING = 0x05, CLASS = 0x02, CODE = 0x1a | 7 << 12, METHOD = 0x1a | 6 << 12, MOVED = 0x1e };
enum { NIL = 8, FRAME_WORDS = 8, STACK_WORDS = 64 };

struct fake_object {
	uintptr_t flags;
	const char *text;                /* a string's */
	struct fake_object *label, *path; /* of code and of methods */
};

struct fake_entry {
	struct fake_object *value; /* what rb_profile_frames says */
	int line;
	struct fake_object *code;  /* what the control frame runs, NULL: a function in C */
	struct fake_object *self;
};

extern struct fake_ruby {
	bool is_ruby_thread, has_lock, is_collecting;
	const struct fake_entry *entries;
	size_t count, collections;
	uintptr_t stack[STACK_WORDS];
	uintptr_t context[3];
	uintptr_t thread[8];
	uintptr_t object[8];
} fake;

/* Makes this the stack of the only thread, which is Ruby's and has not the lock. */
void fake_ruby_init(const struct fake_entry *entries, size_t count);

#endif
