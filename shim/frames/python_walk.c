#include "frames/python_walk.h"

#include <errno.h>
#include <string.h>

#include "frames/python_lines.h"
#include "frames/python_object.h"

/* From 3.12 on. Such a frame stands on the C stack, in the native frame of its
 * evaluation loop, outside of the Python frames which that loop runs. */
enum { OWNER_GENERATOR = 1, OWNER_INTERPRETER = 3 };

/* A chain that is longer, or a ring, is no chain of frames: the recursion limit
 * of a program that raised it is still far below. */
enum { STEPS_MAX = 1 << 16 };

struct walk {
	struct language_frame *frames;
	size_t count, max;
	size_t unplaced;  /* frames before this one have their stack address */
	uintptr_t cframe; /* of the evaluation loop that runs the next frame */
	bool is_truncated;
};

/* The instructions' address in the copy that `frame` runs. */
static uintptr_t bytecode_of(uintptr_t frame, uintptr_t code)
{
	const struct python_layout *layout = &python_runtime.layout;

	if (layout->code_thread_bytecode == 0)
		return code + layout->code_bytecode;

	/* Free-threaded: an array { size, copies of the threads }. */
	uintptr_t copies = peek_word(code + layout->code_thread_bytecode);
	uint32_t index = (uint32_t)peek_int(frame + layout->frame_thread_bytecode);

	if (index >= peek_word(copies))
		return 0;
	return peek_word(copies + sizeof(uintptr_t) * (1 + index));
}

uintptr_t python_bytecode(const struct language_frame *frame)
{
	return bytecode_of(frame->frame, frame->code);
}

static int32_t position_of(uintptr_t frame, uintptr_t code)
{
	uintptr_t at = frame + python_runtime.layout.frame_position;

	if (python_runtime.minor < 10)
		return peek_int(at);
	if (python_runtime.minor == 10) /* f_lasti counts units of two bytes */
		return (int32_t)((uint32_t)peek_int(at) * 2);
	return (int32_t)(intptr_t)(peek_word(at) - bytecode_of(frame, code));
}

/* The frame of a call that has not begun yet: sys._getframe() hides it, too. */
static bool is_incomplete(uintptr_t frame, uintptr_t code, int32_t position)
{
	const struct python_layout *layout = &python_runtime.layout;

	return layout->code_first_traceable != 0 &&
	       peek_byte(frame + layout->frame_owner) != OWNER_GENERATOR &&
	       position < 2 * (int64_t)peek_int(code + layout->code_first_traceable);
}

/* Everything from `unplaced` on runs in the evaluation loop at `address`. */
static void place(struct walk *walk, uintptr_t address)
{
	for (; walk->unplaced < walk->count; walk->unplaced++)
		walk->frames[walk->unplaced].stack_address = address;
}

/* Of what else tells a code from one that lay at its address before: code that is made from
 * texts goes, and the next one is put where it was. */
static uint64_t identity_of(uintptr_t code, uintptr_t file)
{
	const struct python_layout *layout = &python_runtime.layout;

	return python_text_identity(file) +
	       3 * python_text_identity(peek_word(code + python_name_offset())) +
	       5 * python_bytes_identity(peek_word(code + layout->code_lines));
}

static void add(struct walk *walk, uintptr_t frame, uintptr_t code)
{
	const struct python_layout *layout = &python_runtime.layout;
	uintptr_t file = peek_word(code + layout->code_file);
	uintptr_t name = peek_word(code + layout->code_name);
	int32_t position = position_of(frame, code);

	/* The trampoline that a specialised call of a class runs `__init__` in has
	 * one empty str for both. */
	if (file == name || is_incomplete(frame, code, position))
		return;
	if (walk->count == walk->max) {
		walk->is_truncated = true;
		return;
	}
	walk->frames[walk->count++] = (struct language_frame){
		.code = code,
		.file = identity_of(code, file),
		.position = (uint32_t)position,
		.first_line = (uint32_t)peek_int(code + layout->code_first_line),
		.frame = frame,
	};
}

/* Up to 3.11 an evaluation loop's _PyCFrame is on the C stack: in 3.10 one a frame, in
 * 3.11 one up to the frame that the loop was entered with. */
static void place_by_cframe(struct walk *walk, uintptr_t frame)
{
	const struct python_layout *layout = &python_runtime.layout;

	if (walk->cframe == 0)
		return;
	if (python_runtime.minor == 11 && !peek_byte(frame + layout->frame_is_entry))
		return;
	place(walk, walk->cframe);

	uintptr_t previous = peek_word(walk->cframe + layout->cframe_previous);

	/* Outer loops are at higher addresses. The last one is the thread state's own,
	 * and a greenlet's may be in another stack: no order can be had from those. */
	walk->cframe = previous > walk->cframe ? previous : 0;
}

static uintptr_t first_frame(struct walk *walk, uintptr_t thread)
{
	const struct python_layout *layout = &python_runtime.layout;

	if (layout->thread_cframe != 0)
		walk->cframe = peek_word(thread + layout->thread_cframe);
	if (python_runtime.minor == 11 || python_runtime.minor == 12)
		return peek_word(walk->cframe + layout->cframe_frame);
	return peek_word(thread + layout->thread_frame);
}

/* False when it is no frame. */
static bool visit(struct walk *walk, uintptr_t frame)
{
	const struct python_layout *layout = &python_runtime.layout;

	if (python_runtime.minor >= 12 &&
	    peek_byte(frame + layout->frame_owner) >= OWNER_INTERPRETER) {
		place(walk, frame);
		return true;
	}
	uintptr_t code = python_untag(peek_word(frame + layout->frame_code));

	if (!python_object_is(code, python_runtime.code_type))
		return false;
	add(walk, frame, code);
	if (python_runtime.minor == 10 || python_runtime.minor == 11)
		place_by_cframe(walk, frame);
	return true;
}

size_t python_walk(uintptr_t thread, struct language_frame *frames, size_t max,
		   bool *ret_is_truncated, bool *ret_is_clean)
{
	struct walk walk = { .frames = frames, .max = max };
	uintptr_t frame = first_frame(&walk, thread);
	bool is_clean = true;

	for (unsigned step = 0; frame != 0 && step < STEPS_MAX; step++) {
		if (walk.is_truncated && (walk.unplaced == walk.count || python_runtime.minor < 10))
			break;
		is_clean = visit(&walk, frame);
		if (!is_clean)
			break;
		frame = peek_word(frame + python_runtime.layout.frame_previous);
	}
	*ret_is_truncated = walk.is_truncated;
	*ret_is_clean = is_clean;
	return walk.count;
}

size_t python_look(uintptr_t thread, struct language_frame *frames, size_t max)
{
	struct walk walk = { .frames = frames, .max = max };
	uintptr_t frame = first_frame(&walk, thread);

	for (unsigned step = 0; frame != 0 && step < STEPS_MAX && walk.count < max; step++) {
		if (!visit(&walk, frame))
			break;
		frame = peek_word(frame + python_runtime.layout.frame_previous);
	}
	return walk.count;
}

static uint32_t line_of(const struct language_frame *frame)
{
	struct peek_window table;
	size_t size;

	if (!python_bytes_open(peek_word(frame->code + python_runtime.layout.code_lines), &table,
			       &size))
		return 0;
	return python_line(python_runtime.minor, &table, frame->first_line,
			   (int32_t)frame->position);
}

int python_describe(const struct language_frame *frame, struct language_description *ret)
{
	const struct python_layout *layout = &python_runtime.layout;

	if (!python_object_is(frame->code, python_runtime.code_type))
		return -EFAULT;
	if (python_text_read(peek_word(frame->code + python_name_offset()), ret->function,
			     sizeof(ret->function)) != 0 ||
	    python_text_read(peek_word(frame->code + layout->code_file), ret->file,
			     sizeof(ret->file)) != 0)
		return -EFAULT;
	ret->line = line_of(frame);
	return 0;
}

int python_read_self(const struct language_frame *frame, struct language_self *ret)
{
	const struct python_layout *layout = &python_runtime.layout;

	if (!python_object_is(frame->code, python_runtime.code_type) ||
	    peek_int(frame->code + layout->code_argument_count) < 1)
		return -EFAULT;

	uintptr_t object = python_untag(peek_word(frame->frame + layout->frame_locals));

	/* From 3.11 on, an argument that an inner function uses, too, is in a cell. */
	if (python_object_is(object, python_runtime.cell_type))
		object = peek_word(object + layout->object_size);
	if (object == 0)
		return -EFAULT;

	uintptr_t type = peek_word(object + layout->object_type);
	uintptr_t name = peek_word(type + layout->type_name);

	if (type == 0 || python_string_read(name, ret->type, sizeof(ret->type)) != 0)
		return -EFAULT;

	char *dot = strrchr(ret->type, '.');

	if (dot != NULL)
		memmove(ret->type, dot + 1, strlen(dot));
	ret->address = object;
	return 0;
}
