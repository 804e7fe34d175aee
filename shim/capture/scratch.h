/* Room for one capture, outside of the host's stack: coroutines have small ones, and
 * as thread-local memory it would make pthread_create fail elsewhere.
 *
 * Taken and given back in one call of ours, so there are as many as captures run
 * at once. Context: any; async-signal-safe. Keeps errno.
 */
#ifndef CAPTURE_SCRATCH_H
#define CAPTURE_SCRATCH_H

#include <stddef.h>
#include <stdint.h>

#include "capture/native.h"
#include "capture/objects.h"
#include "frames/language.h"
#include "frames/merge.h"

enum {
	SCRATCH_FRAMES_MAX = 256,  /* of each kind: the largest PQLEAK_DEPTH */
	SCRATCH_OBJECTS_MAX = 128,
	SCRATCH_TEXT_MAX = 256 << 10,
	/* The call, the native frames, then three words a language frame. */
	SCRATCH_WORDS_MAX = 1 + 4 * SCRATCH_FRAMES_MAX
};

/* A described language frame: where its texts begin in `text`. */
struct scratch_frame {
	uint32_t function, function_length;
	uint32_t file, file_length;
	uint32_t line;
};

struct scratch {
	/* What every capture fills. */
	uintptr_t pcs[SCRATCH_FRAMES_MAX + NATIVE_OWN_MAX];
	struct language_frame frames[SCRATCH_FRAMES_MAX];
	uint64_t words[SCRATCH_WORDS_MAX];
	/* What only a new stack needs. */
	struct native_pointers pointers[SCRATCH_FRAMES_MAX];
	struct native_frame native[SCRATCH_FRAMES_MAX];
	struct merged_frame merged[2 * SCRATCH_FRAMES_MAX];
	struct scratch_frame described[SCRATCH_FRAMES_MAX];
	uint32_t ids[2 * SCRATCH_FRAMES_MAX + 1];
	uint8_t object_indexes[SCRATCH_FRAMES_MAX + 1];
	struct language_description description;
	struct language_self self;
	struct object objects[SCRATCH_OBJECTS_MAX];
	char path[PATH_MAX];
	char text[SCRATCH_TEXT_MAX];
	size_t text_length;
};

/* NULL when there is no memory. */
struct scratch *scratch_take(void);
void scratch_give(struct scratch *scratch);

#endif
