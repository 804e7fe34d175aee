#include "frames/merge.h"

#include <stdbool.h>

/* Both lists are gone through once: `native_at` and `frame_at` are what is next. */
struct merger {
	const struct language *language;
	const struct native_frame *native;
	size_t native_count, native_at;
	const struct language_frame *frames;
	size_t frame_count, frame_at;
	struct merged_frame *merged;
	size_t count;
};

static void put_native(struct merger *merger)
{
	merger->merged[merger->count++] = (struct merged_frame){
		.language = LEDGER_NATIVE,
		.index = (uint16_t)merger->native_at++,
	};
}

static void put_frame(struct merger *merger)
{
	merger->merged[merger->count++] = (struct merged_frame){
		.language = (uint16_t)merger->language->id,
		.index = (uint16_t)merger->frame_at++,
	};
}

static void put_natives_before(struct merger *merger, size_t index)
{
	while (merger->native_at < index)
		put_native(merger);
}

static bool has_addresses(const struct merger *merger)
{
	for (size_t i = 0; i < merger->frame_count; i++)
		if (merger->frames[i].stack_address != 0)
			return true;
	return false;
}

static bool has_stack_pointers(const struct merger *merger)
{
	for (size_t i = 0; i < merger->native_count; i++)
		if (merger->native[i].stack_pointer != 0)
			return true;
	return false;
}

/* Index of the native frame that holds `address`: the last one that begins below it.
 * The next one to come when none does. */
static size_t native_that_holds(const struct merger *merger, uintptr_t address)
{
	size_t holder = merger->native_at;

	for (size_t i = merger->native_at; i < merger->native_count; i++) {
		uintptr_t begin = merger->native[i].stack_pointer;

		if (begin > address)
			break;
		if (begin != 0)
			holder = i;
	}
	return holder;
}

static void merge_by_address(struct merger *merger)
{
	uintptr_t last_address = 0;

	while (merger->frame_at < merger->frame_count) {
		uintptr_t address = merger->frames[merger->frame_at].stack_address;
		size_t holder = merger->native_at;

		if (address != 0 && address != last_address)
			holder = native_that_holds(merger, address);
		/* Where the native walk was cut, its last frame seems to go on forever: it
		 * can run one evaluation loop only, the others are outside of it. */
		if (address != last_address && last_address != 0 &&
		    holder == merger->native_at && holder + 1 == merger->native_count)
			holder = merger->native_count;
		put_natives_before(merger, holder);
		put_frame(merger);
		if (address != 0)
			last_address = address;
	}
}

static void merge_by_evaluator(struct merger *merger)
{
	while (merger->native_at < merger->native_count) {
		if (merger->frame_at < merger->frame_count &&
		    merger->language->is_evaluator(merger->native[merger->native_at].pc))
			put_frame(merger);
		put_native(merger);
	}
}

static void merge_as_block(struct merger *merger)
{
	const struct language *language = merger->language;
	size_t first = 0;

	while (first < merger->native_count &&
	       !(language->is_evaluator && language->is_evaluator(merger->native[first].pc)))
		first++;
	put_natives_before(merger, first);
}

static void merge_frames(struct merger *merger)
{
	bool is_addressed = has_addresses(merger);

	if (is_addressed && has_stack_pointers(merger))
		merge_by_address(merger);
	else if (!is_addressed && merger->language->is_evaluator && !merger->language->is_block)
		merge_by_evaluator(merger);
	else
		merge_as_block(merger);
}

size_t frames_merge(const struct language *language, const struct native_frame *native,
		    size_t native_count, const struct language_frame *frames, size_t frame_count,
		    struct merged_frame *merged)
{
	struct merger merger = {
		.language = language,
		.native = native,
		.native_count = native_count,
		.frames = frames,
		.frame_count = frame_count,
		.merged = merged,
	};

	if (frame_count)
		merge_frames(&merger);
	while (merger.frame_at < frame_count)
		put_frame(&merger);
	put_natives_before(&merger, native_count);
	return merger.count;
}
