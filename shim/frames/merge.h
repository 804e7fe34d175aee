/* Puts language frames among the native ones, in true order, innermost first. */
#ifndef FRAMES_MERGE_H
#define FRAMES_MERGE_H

#include <stddef.h>
#include <stdint.h>

#include "frames/language.h"

struct native_frame {
	uintptr_t pc;
	uintptr_t stack_pointer; /* at the call, i.e. the lower end of this frame; 0 unknown */
};

struct merged_frame {
	uint16_t language; /* LEDGER_NATIVE: `index` is into the native frames */
	uint16_t index;
};

/* Merges `native` and `frames` (both innermost first) into `merged`, which has room
 * for `native_count + frame_count`; returns how many. A language frame with a stack
 * address stands right before (inside of) the native frame whose extent holds that
 * address; without one, `is_evaluator` pairs native frames with language frames in
 * order; where neither can be, or `is_block`, the language frames are one block at the
 * first native frame that is the interpreter's, else at the end. None is ever left
 * out. `language` is NULL when there are no language frames. */
size_t frames_merge(const struct language *language, const struct native_frame *native,
		    size_t native_count, const struct language_frame *frames, size_t frame_count,
		    struct merged_frame *merged);

#endif
