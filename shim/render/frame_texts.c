#include "render/frame_texts.h"

#include <stdlib.h>

enum { CAPACITY_MIN = 1024 };

struct frame_text {
	struct report_frame frame;
	char *text; /* NULL: the place is free */
};

static bool is_same(const struct report_frame *one, const struct report_frame *other)
{
	return one->offset == other->offset && one->line == other->line &&
	       one->is_user == other->is_user && one->function == other->function &&
	       one->file == other->file && one->module == other->module &&
	       one->build_id == other->build_id && one->library == other->library &&
	       one->language == other->language;
}

static uint64_t mix(uint64_t hash, uint64_t number)
{
	return (hash ^ number) * UINT64_C(0x9e3779b97f4a7c15);
}

/* Its place, or the free one where it belongs. */
static struct frame_text *row_find(const struct frame_texts *texts,
				   const struct report_frame *frame)
{
	uint64_t hash = mix(mix(mix(frame->line, frame->offset), (uintptr_t)frame->function),
			    (uintptr_t)frame->file);
	size_t at = (size_t)(hash >> 32) & (texts->capacity - 1);

	while (texts->rows[at].text && !is_same(&texts->rows[at].frame, frame))
		at = (at + 1) & (texts->capacity - 1);
	return &texts->rows[at];
}

const char *frame_texts_find(const struct frame_texts *texts, const struct report_frame *frame)
{
	return texts->rows ? row_find(texts, frame)->text : NULL;
}

static bool grow(struct frame_texts *texts)
{
	struct frame_texts larger = {
		.count = texts->count,
		.capacity = texts->capacity ? texts->capacity * 2 : CAPACITY_MIN,
	};

	larger.rows = calloc(larger.capacity, sizeof(*larger.rows));
	if (!larger.rows)
		return false;
	for (size_t i = 0; i < texts->capacity; i++)
		if (texts->rows[i].text)
			*row_find(&larger, &texts->rows[i].frame) = texts->rows[i];
	free(texts->rows);
	*texts = larger;
	return true;
}

const char *frame_texts_add(struct frame_texts *texts, const struct report_frame *frame,
			    char *text)
{
	if (texts->count * 2 >= texts->capacity && !grow(texts)) {
		free(text);
		return NULL;
	}
	*row_find(texts, frame) = (struct frame_text){ *frame, text };
	texts->count++;
	return text;
}

void frame_texts_finish(struct frame_texts *texts)
{
	for (size_t i = 0; i < texts->capacity; i++)
		free(texts->rows[i].text);
	free(texts->rows);
	*texts = (struct frame_texts){ 0 };
}
