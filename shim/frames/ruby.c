/* Ruby 2.7 and newer as a struct language. */
#include "frames/language.h"

#include <errno.h>
#include <string.h>

#include "frames/peek.h"
#include "frames/ruby_runtime.h"
#include "frames/ruby_stack.h"
#include "frames/utf8.h"

/* Up to 3.1 there is an outermost frame that no program has: it never began. */
static bool is_dummy(const struct ruby_frames *frames, size_t index)
{
	return index + 1 == frames->count && frames->lines[index] == 0;
}

/* FNV-1a. What is told by its address alone would be another's later. */
static uint64_t add_text(uint64_t hash, uintptr_t string)
{
	volatile uintptr_t value = string;

	if (!ruby_is_string(string))
		return hash;
	for (const char *at = ruby_runtime.text(&value); *at; at++)
		hash = (hash ^ (uint8_t)*at) * UINT64_C(0x100000001b3);
	return hash;
}

static uint32_t names_hash(uintptr_t code)
{
	uint64_t hash = add_text(UINT64_C(0xcbf29ce484222325), ruby_runtime.label(code));

	hash = add_text(hash * 3, ruby_runtime.path(code));
	return (uint32_t)(hash >> 32 ^ hash);
}

/* Functions in C are left out: Ruby's own backtraces give them their caller's line. There is
 * room for half as many of them as of others. `frame` is 0 where the stack does not say. */
static size_t walk(struct language_frame *frames, size_t max, bool *ret_is_truncated)
{
	struct ruby_frames all;
	struct ruby_stack stack;
	size_t count = 0;

	*ret_is_truncated = false;
	if (!ruby_frames_take(&all, max + max / 2))
		return 0;

	/* From 3.3 on a thread that runs nothing has no context to look into. */
	bool is_open = all.count > 0 && ruby_stack_open(&stack, &all);

	*ret_is_truncated = all.is_truncated;
	for (size_t i = 0; i < all.count; i++) {
		uintptr_t code = all.values[i], frame = 0;

		if (ruby_is_native(code, all.lines[i]) || is_dummy(&all, i))
			continue;
		if (count == max) {
			*ret_is_truncated = true;
			break;
		}
		if (is_open)
			frame = ruby_stack_next(&stack, &code);
		frames[count++] = (struct language_frame){
			.code = code,
			.file = ruby_runtime.path(code),
			.position = all.lines[i] > 0 ? (uint32_t)all.lines[i] : 0,
			.first_line = names_hash(code),
			.frame = frame,
		};
	}
	return count;
}

/* While another thread has the lock and collects nothing is freed that this one runs. */
static size_t mark(size_t max, uint64_t *mix, bool *ret_is_known)
{
	if (!ruby_is_readable()) {
		*ret_is_known = ruby_is_foreign_thread();
		return 0;
	}
	if (ruby_has_lock() && ruby_runtime.is_collecting())
		return 0;
	return ruby_stack_mark(max, mix, ret_is_known);
}

/* What no thread runs is freed by a collection that began later, and its place used again. */
static uint64_t epoch(void)
{
	return ruby_runtime.collections();
}

static bool read_string(uintptr_t string, char *ret, size_t size)
{
	volatile uintptr_t value = string;
	const char *text;

	if (!ruby_is_string(string))
		return false;
	text = ruby_runtime.text(&value);
	utf8_copy(text, strnlen(text, size), ret, size);
	return true;
}

static int describe(const struct language_frame *frame, struct language_description *ret)
{
	if (!ruby_settle() ||
	    !read_string(ruby_runtime.label(frame->code), ret->function, sizeof(ret->function)) ||
	    !read_string(frame->file, ret->file, sizeof(ret->file)))
		return -EFAULT;
	ret->line = frame->position;
	return 0;
}

/* The class that Ruby's convention has in a file: "ConnectionPool" in connection_pool.rb. A
 * class's own name is in a table that other threads change. */
static void name_class(const char *path, char *ret, size_t size)
{
	const char *slash = strrchr(path, '/');
	bool is_first = true;
	size_t used = 0;

	for (const char *at = slash ? slash + 1 : path; *at && *at != '.'; at++) {
		bool is_lower = *at >= 'a' && *at <= 'z';

		if (*at != '_' && used + 1 < size)
			ret[used++] = is_first && is_lower ? (char)(*at - 'a' + 'A') : *at;
		is_first = *at == '_';
	}
	ret[used] = 0;
}

static int read_self(const struct language_frame *frame, struct language_self *ret)
{
	char path[LANGUAGE_NAME_MAX];
	uintptr_t self = frame->frame != 0 ? ruby_frame_self(frame->frame) : 0;

	if (self == 0 || !read_string(frame->file, path, sizeof(path)))
		return -EFAULT;
	ret->address = self;
	name_class(path, ret->type, sizeof(ret->type));
	return 0;
}

/* Without the lock it is another thread that may be collecting, and the table of names is
 * another thread's to change. */
static void read_moment(const struct language_frame *frames, size_t count,
			struct language_moment *ret)
{
	(void)frames;
	*ret = (struct language_moment){ 0 };
	if (!ruby_is_readable() || !ruby_has_lock())
		return;
	ret->is_collecting_known = true;
	ret->is_collecting = ruby_runtime.is_collecting() != 0;
	if (count > 0 && !ret->is_collecting && ruby_runs_native())
		read_string(ruby_runtime.name(ruby_runtime.this_function()), ret->called,
			    sizeof(ret->called));
}

static bool is_evaluator(uintptr_t pc)
{
	return pc - ruby_runtime.code.address < ruby_runtime.code.size;
}

const struct language ruby = {
	.id = LEDGER_RUBY,
	.name = "Ruby",
	.attach = ruby_attach,
	.walk = walk,
	.mark = mark,
	.epoch = epoch,
	.describe = describe,
	.read_self = read_self,
	.read_moment = read_moment,
	.is_evaluator = is_evaluator,
	.is_block = true,
};
