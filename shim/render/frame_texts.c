#include "render/frame_texts.h"

#include <stdlib.h>
#include <string.h>

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

struct key {
	const char *language, *function, *file, *module, *build_id, *library;
	uint64_t offset;
	uint32_t line, is_user;
};
static_assert(sizeof(struct key) == 6 * sizeof(char *) + 16, "a key has no padding");

struct frame_text {
	struct key key;
	UT_hash_handle hh;
	char *text;
};

static struct key key_of(const struct report_frame *frame)
{
	return (struct key){
		.language = frame->language, .function = frame->function, .file = frame->file,
		.module = frame->module, .build_id = frame->build_id, .library = frame->library,
		.offset = frame->offset, .line = frame->line, .is_user = frame->is_user,
	};
}

const char *frame_texts_find(const struct frame_texts *texts, const struct report_frame *frame)
{
	struct key key = key_of(frame);
	struct frame_text *known;

	HASH_FIND(hh, texts->table, &key, sizeof(key), known);
	return known ? known->text : NULL;
}

const char *frame_texts_add(struct frame_texts *texts, const struct report_frame *frame,
			    char *text)
{
	struct frame_text *row = calloc(1, sizeof(*row));

	if (row) {
		row->key = key_of(frame);
		row->text = text;
		HASH_ADD(hh, texts->table, key, sizeof(row->key), row);
		if (row->hh.tbl)
			return text;
	}
	free(row);
	free(text);
	return NULL;
}

void frame_texts_finish(struct frame_texts *texts)
{
	struct frame_text *row, *next;

	HASH_ITER(hh, texts->table, row, next) {
		HASH_DEL(texts->table, row);
		free(row->text);
		free(row);
	}
}
