/* The JSON of frames: many stacks have few frames, and each becomes text once. A frame is known
 * by its numbers and by where its strings lie, which is the same wherever analyze copied it to.
 */
#ifndef RENDER_FRAME_TEXTS_H
#define RENDER_FRAME_TEXTS_H

#include "analyze/report.h"

struct frame_text;

struct frame_texts {
	struct frame_text *rows; /* a place each, by what they are known by; NULL: none yet */
	size_t count, capacity;
};

/* NULL when it has none yet. Valid until frame_texts_finish. */
const char *frame_texts_find(const struct frame_texts *texts, const struct report_frame *frame);

/* For a frame that has none. Takes `text`, of malloc. Returns it, or NULL when out of memory. */
const char *frame_texts_add(struct frame_texts *texts, const struct report_frame *frame,
			    char *text);

void frame_texts_finish(struct frame_texts *texts);

#endif
