#include "capture/stack.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "capture/languages.h"
#include "capture/native.h"
#include "capture/trail.h"
#include "frames/pools.h"
#include "ledger/records.h"

/* Is any of its return addresses such a one? */
static bool stack_has(const struct stack *stack, bool (*is_such)(uintptr_t return_address))
{
	if (stack->trail)
		return trail_has(stack->trail, is_such);
	for (size_t i = 0; i < stack->native_count; i++) {
		if (is_such(stack->scratch->pcs[i]))
			return true;
	}
	return false;
}

/* exit() only calls what runs the handlers: its code is some 30 bytes. */
static bool is_exit(uintptr_t return_address)
{
	const uintptr_t start = (uintptr_t)&exit, end = start + 64;

	return return_address > start && return_address <= end;
}

bool stack_is_exiting(const struct stack *stack)
{
	return stack->stored ? stack->stored->is_exiting : stack_has(stack, is_exit);
}

bool stack_has_frames(const struct stack *stack)
{
	return stack->stored ? stack->stored->has_frames : stack->frame_count;
}

void stack_read_moment(const struct stack *stack, struct language_moment *ret)
{
	const struct language *language = stack->language;
	struct language_frame top;
	size_t count = stack->frame_count;

	memset(ret, 0, sizeof(*ret));
	if (!stack->scratch && !stack->trail)
		return;
	if (stack->trail && stack->stored->has_frames)
		language = languages_look(&top, 1, &count);
	language = languages_read_moment(language, stack->trail ? &top : stack->scratch->frames,
					 count, ret);
	if (!language || !language->is_collector)
		return;
	ret->is_collecting_known = true;
	ret->is_collecting = stack_has(stack, language->is_collector);
}

void stack_read_pool(struct stack *stack, struct scratch *scratch)
{
	stack->scratch = scratch;
	stack->language = languages_look(scratch->frames, stack->stored->pool_frame,
					 &stack->frame_count);
}

static struct depot_key stack_mix(const struct stack *stack)
{
	uint64_t *word = stack->scratch->words;

	*word++ = (uint64_t)stack->call << 48 ^ (uint64_t)(uintptr_t)stack->libpq;
	for (size_t i = 0; i < stack->native_count; i++)
		*word++ = stack->scratch->pcs[i];
	for (size_t i = 0; i < stack->frame_count; i++) {
		const struct language_frame *frame = &stack->scratch->frames[i];

		*word++ = frame->code;
		*word++ = frame->file;
		*word++ = (uint64_t)frame->position << 32 | frame->first_line;
	}
	return depot_mix(stack->scratch->words, (size_t)(word - stack->scratch->words));
}

void stack_take(struct stack *stack, struct scratch *scratch, const struct libpq *libpq,
		enum libpq_call call, uintptr_t return_address, unsigned depth)
{
	*stack = (struct stack){ .scratch = scratch, .call = call, .libpq = libpq };
	stack->native_count = native_walk(return_address, scratch->pcs, depth,
					  &stack->is_truncated);
	stack->language = languages_walk(scratch->frames, depth, &stack->frame_count,
					 &stack->is_truncated);
	stack->key = stack_mix(stack);
}

static uint32_t scratch_add_text(struct scratch *scratch, const char *text, uint32_t *ret_length)
{
	size_t length = strlen(text), start = scratch->text_length;

	/* Room for 256 frames of a thousand bytes; a longer name is left out. */
	if (length > SCRATCH_TEXT_MAX - start)
		length = 0;
	memcpy(scratch->text + start, text, length);
	scratch->text_length += length;
	*ret_length = (uint32_t)length;
	return (uint32_t)start;
}

static void stack_find_pool(struct stack *stack, size_t frame)
{
	const struct language_description *description = &stack->scratch->description;
	const char *library;

	if (stack->pool_frame)
		return;
	library = pool_library(stack->language->id, description->file, description->function);
	if (library) {
		stack->pool_frame = (uint32_t)frame + 1;
		stack->pool_library = library;
	}
}

static void stack_describe_language(struct stack *stack)
{
	struct scratch *scratch = stack->scratch;

	scratch->text_length = 0;
	for (size_t i = 0; i < stack->frame_count; i++) {
		struct scratch_frame *described = &scratch->described[i];

		memset(described, 0, sizeof(*described));
		if (stack->language->describe(&scratch->frames[i], &scratch->description))
			continue;
		described->function = scratch_add_text(scratch, scratch->description.function,
						       &described->function_length);
		described->file = scratch_add_text(scratch, scratch->description.file,
						   &described->file_length);
		described->line = scratch->description.line;
		stack_find_pool(stack, i);
	}
}

void stack_point(struct stack *stack)
{
	if (!stack->is_pointed)
		native_walk_pointers(stack->scratch->pcs, stack->native_count,
				     stack->scratch->pointers);
	stack->is_pointed = true;
}

void stack_describe(struct stack *stack)
{
	struct scratch *scratch = stack->scratch;
	int error = errno;

	stack_describe_language(stack);
	stack_point(stack);
	/* The real function is one more address to find an object for. */
	scratch->words[0] = (uintptr_t)stack->libpq->call[stack->call];
	memcpy(scratch->words + 1, scratch->pcs, stack->native_count * sizeof(*scratch->pcs));
	stack->object_count = objects_cover((const uintptr_t *)scratch->words,
					    stack->native_count + 1, scratch->objects,
					    SCRATCH_OBJECTS_MAX, scratch->object_indexes);
	/* Where the walk ran off the end of the stack. */
	if (stack->native_count > 1 && scratch->object_indexes[stack->native_count] == OBJECT_NONE)
		stack->native_count--;
	for (size_t i = 0; i < stack->native_count; i++)
		scratch->native[i] = (struct native_frame){ scratch->pcs[i],
							    scratch->pointers[i].stack };
	stack->merged_count = frames_merge(stack->language, scratch->native, stack->native_count,
					   scratch->frames, stack->frame_count, scratch->merged);
	errno = error;
}

static uint32_t store_module(const struct stack *stack, struct ledger *ledger, uint8_t index)
{
	const struct object *object = &stack->scratch->objects[index];
	struct ledger_module module = {
		.bias = object->bias,
		.start = object->start,
		.end = object->end,
		.build_id_length = object->build_id_length,
		.flags = object->is_main ? LEDGER_MODULE_MAIN : 0,
	};

	object_path(object, stack->scratch->path);
	module.path = ledger_add_string(ledger, stack->scratch->path, strlen(stack->scratch->path));
	memcpy(module.build_id, object->build_id, sizeof(module.build_id));
	if (object->start == stack->libpq->start) {
		module.flags |= LEDGER_MODULE_LIBPQ |
				__atomic_load_n(&stack->libpq->flags, __ATOMIC_RELAXED);
		module.libpq_version = stack->libpq->version;
	}
	return ledger_add_module(ledger, &module);
}

/* Row 0 of the object indexes is the real function, row i + 1 is return address i. */
static uint32_t store_native(const struct stack *stack, struct ledger *ledger, size_t row,
			     uintptr_t address)
{
	uint8_t object = stack->scratch->object_indexes[row];
	struct ledger_frame frame = { .offset = address, .language = LEDGER_NATIVE,
				      .flags = row ? LEDGER_FRAME_RETURN : LEDGER_FRAME_CALL };

	if (object != OBJECT_NONE) {
		frame.module = store_module(stack, ledger, object);
		frame.offset -= stack->scratch->objects[object].bias;
	}
	if (!row) {
		const char *name = libpq_call_names[stack->call];

		frame.function = ledger_add_string(ledger, name, strlen(name));
	}
	return ledger_add_frame(ledger, &frame);
}

static uint32_t store_language(const struct stack *stack, struct ledger *ledger, size_t index)
{
	const struct scratch *scratch = stack->scratch;
	const struct scratch_frame *described = &scratch->described[index];
	struct ledger_frame frame = {
		.function = ledger_add_string(ledger, scratch->text + described->function,
					      described->function_length),
		.file = ledger_add_string(ledger, scratch->text + described->file,
					  described->file_length),
		.line = described->line,
		.language = (uint16_t)stack->language->id,
		.flags = index + 1 == stack->pool_frame ? LEDGER_FRAME_POOL : 0,
	};

	return ledger_add_frame(ledger, &frame);
}

struct depot_stack *stack_store(const struct stack *stack, struct ledger *ledger,
				struct depot *depot)
{
	const struct scratch *scratch = stack->scratch;
	uint32_t *ids = stack->scratch->ids;
	size_t count = 0;

	ids[count++] = store_native(stack, ledger, 0,
				    (uintptr_t)stack->libpq->call[stack->call]);
	for (size_t i = 0; i < stack->merged_count; i++) {
		size_t index = scratch->merged[i].index;

		ids[count++] = scratch->merged[i].language == LEDGER_NATIVE ?
				       store_native(stack, ledger, index + 1, scratch->pcs[index]) :
				       store_language(stack, ledger, index);
	}
	struct depot_stack stored = {
		.key = stack->key,
		.stack = ledger_add_stack(ledger, (uint32_t)stack->key.low, ids, count,
					  stack->is_truncated ? LEDGER_STACK_TRUNCATED : 0),
		.pool_frame = stack->pool_frame,
		.pool_library = stack->pool_library,
		.has_frames = stack->frame_count,
		.is_exiting = stack_has(stack, is_exit),
	};

	return depot_add(depot, &stored);
}
